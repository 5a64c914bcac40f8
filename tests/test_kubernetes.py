"""The runbook of docs/how-to/kubernetes.md, run as a reader would run it: against a real API, and against the fake."""

from __future__ import annotations

import json

import pytest

from .cli.steady import steady
from .realparts import until
from .snippets import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "kubernetes.md"


@pytest.fixture
def runbook(here, tmp_path):
    """The runbook of the page, for the namespace of the test, with a deployment to act on."""
    text = next(block.body for block in blocks(PAGE) if block.language == "yaml")
    assert "namespace: shop" in text
    (tmp_path / "orders-rollback.yaml").write_text(text.replace("namespace: shop", f"namespace: {here.namespace}"))
    here.deploy(progressDeadlineSeconds=1)
    here.cli = lambda *words, **more: steady(tmp_path, *words, KUBECONFIG=str(here.kubeconfig), **more)
    return here


def broken(here):
    """A bad release, until the cluster has given it up."""
    here.do(set_image="deployment/orders", images={"app": "orders:bad"})

    def exceeded():
        conditions = here.deployment().get("status", {}).get("conditions", ())
        return any(one.get("reason") == "ProgressDeadlineExceeded" for one in conditions)

    until(exceeded, "the deadline of the rollout")


def test_nothing_is_wrong(runbook):
    done = runbook.cli("run", "orders-rollback.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy" in done.stdout


def test_a_bad_release_is_found_and_rolled_back(runbook):
    broken(runbook)
    done = runbook.cli("run", "orders-rollback.yaml")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "ImagePullBackOff" in done.stdout
    assert "kubectl rollout undo deployment/orders" in done.stdout
    done = runbook.cli("answer", "last", "rollback", "approve", "--resume")
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(runbook.cli("runs", "--json").stdout)["runs"]
    assert run["conclusion"] == "resolved"
    for kind in ("md", "html"):
        told = runbook.cli("transcript", "last", "--format", kind).stdout
        assert "What changed, as the capture" in told
        assert "orders:bad" in told
        assert "managedFields" not in told
    diff = runbook.cli("transcript", "last", "--format", "md").stdout
    assert '\n-            "image": "orders:bad",' in diff
    assert '\n+            "image": "orders:1",' in diff
    assert "is back at revision 1 (orders:1)" in diff


def test_a_dry_run_asks_the_server_and_changes_nothing(runbook):
    broken(runbook)
    done = runbook.cli("run", "orders-rollback.yaml", "--dry-run", "--probe")
    assert "is back at revision 1 (orders:1)), not carried out: dry run" in done.stdout, done.stdout + done.stderr
    assert runbook.deployment()["spec"]["template"]["spec"]["containers"][0]["image"] == "orders:bad"


def test_preflight(runbook):
    done = runbook.cli("preflight", "orders-rollback.yaml", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    said = {row["what"] for row in rows}
    assert f"patch deployments in {runbook.namespace}" in said
    assert f"may list replicasets in {runbook.namespace}" in said
    assert all(row["holds"] is not False for row in rows)


def test_who_may_not_is_told_before_the_run(runbook, tmp_path):
    stranger = runbook.as_stranger().params["kubeconfig"].masked()
    done = steady(tmp_path, "run", "orders-rollback.yaml", KUBECONFIG=stranger)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"patch deployments in {runbook.namespace}" in done.stdout + done.stderr
