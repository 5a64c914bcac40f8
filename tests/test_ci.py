"""The ready-made files for CI systems do what they say: their commands are run in a library that `steady init` made."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from steadyhand.app.beginning import WORKFLOW
from steadyhand.source import builtin, parse

ROOT = Path(__file__).resolve().parent.parent
CI = ROOT / "examples" / "ci"
BIN = Path(sys.executable).parent

REQUIRED = {"id", "name", "entry", "language"}
ALLOWED = REQUIRED | {
    "files", "exclude", "types", "types_or", "exclude_types", "always_run", "fail_fast", "verbose", "pass_filenames",
    "require_serial", "description", "language_version", "minimum_pre_commit_version", "args", "stages",
    "additional_dependencies", "log_file",
}  # fmt: skip
"""The keys that pre-commit reads in `.pre-commit-hooks.yaml`."""


def document(path):
    root, found = parse(path.read_bytes(), str(path))
    assert found == ()
    return builtin(root)


def sh(folder, *lines):
    """Lines of a job, in one shell that stops at the first failure, as the CI systems run them."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STEADY_", "GIT_"))}
    env = {
        **kept, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "STEADY_STORE": str(folder / ".store" / "j.db"),
        "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }  # fmt: skip
    return subprocess.run(
        ["/bin/sh", "-e", "-c", "\n".join(lines)], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.fixture
def library(tmp_path):
    """A repository with a library in it, as somebody who begins has it."""
    who = "-c user.name=anna -c user.email=anna@shop.example"
    done = sh(tmp_path, "git init -q .", "steady init .", "git add -A", f"git {who} commit -q -m first")
    assert done.returncode == 0, done.stderr
    return tmp_path


def broken(folder):
    """The same with an edge to a step that is not there."""
    path = folder / "runbooks" / "disk-full.yaml"
    text = path.read_text()
    assert "fail: causes" in text
    path.write_text(text.replace("fail: causes", "fail: cuases"))


def github_lines():
    (job,) = document(CI / "github.yml")["jobs"].values()
    return [(step["run"], step.get("if", "success()")) for step in job["steps"] if "run" in step]


def gitlab_lines():
    return document(CI / "gitlab.yml")["runbooks"]["script"]


def test_github_runs_every_line(library):
    for line, _ in github_lines():
        done = sh(library, line)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    assert json.loads((library / "steady.sarif").read_text())["version"] == "2.1.0"


def test_github_shows_what_is_wrong_and_still_uploads_it(library):
    broken(library)
    failed, annotations = False, ""
    for line, when in github_lines():
        if failed and when != "always()":
            continue
        done = sh(library, line)
        failed |= done.returncode != 0
        annotations += "".join(row for row in done.stdout.splitlines(True) if row.startswith("::"))
    assert failed
    assert annotations.startswith("::error file=runbooks/disk-full.yaml,line=")
    (run,) = json.loads((library / "steady.sarif").read_text())["runs"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert uris == {"runbooks/disk-full.yaml"}


def test_a_workflow_of_github_has_what_github_needs():
    workflow = document(CI / "github.yml")
    assert {"name", "on", "jobs"} <= set(workflow), "`on` is a word, not a truth"
    for job in workflow["jobs"].values():
        assert "runs-on" in job
        for step in job["steps"]:
            assert len({"run", "uses"} & set(step)) == 1
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w./-]+@v\d+", step["uses"])
    assert workflow["permissions"]["security-events"] == "write"


def test_gitlab_runs_every_line_and_its_reports_are_there(library):
    done = sh(library, *gitlab_lines())
    assert done.returncode == 0, done.stdout + done.stderr
    for name in document(CI / "gitlab.yml")["runbooks"]["artifacts"]["reports"]["junit"]:
        assert ET.parse(library / name).getroot().get("failures") == "0"


def test_gitlab_fails_with_reports_that_say_why(library):
    broken(library)
    done = sh(library, *gitlab_lines())
    assert done.returncode == 1
    assert "did you mean `causes`?" in done.stdout
    assert ET.parse(library / "validate.xml").getroot().get("failures") == "1"
    assert ET.parse(library / "test.xml").getroot().get("errors") == "1"


def test_the_plain_shell_script_is_what_init_writes_and_it_runs(library):
    assert (CI / "runbooks.sh").read_text() == WORKFLOW == (library / "ci" / "runbooks.sh").read_text()
    assert sh(library, "sh ci/runbooks.sh").returncode == 0
    broken(library)
    assert sh(library, "sh ci/runbooks.sh").returncode == 1


def test_what_is_installed_is_this_distribution():
    extras = set(
        re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text().split("[project.scripts]")[0], re.MULTILINE)
    )
    lines = [line for line, _ in github_lines()] + gitlab_lines() + WORKFLOW.splitlines()
    installs = [shlex.split(line)[2:] for line in lines if line.startswith("pip ")]
    assert len(installs) == 3
    for (what,) in installs:
        name, _, extra = what.rstrip("]").partition("[")
        assert name == "steadyhand"
        assert not extra or extra in extras


# --- pre-commit


def hooks():
    return {hook["id"]: hook for hook in document(ROOT / ".pre-commit-hooks.yaml")}


def test_the_hooks_are_written_as_pre_commit_reads_them():
    assert set(hooks()) == {"steady-validate", "steady-test"}
    for hook in hooks().values():
        assert set(hook) >= REQUIRED
        assert set(hook) <= ALLOWED
        assert hook["language"] == "python", "it is installed from this repository"
        assert (ROOT / "pyproject.toml").is_file()
        assert shlex.split(hook["entry"])[0] == "steady"
        assert isinstance(hook.get("pass_filenames", True), bool)
        assert hook["types"] == ["yaml"]
        for pattern in (hook["files"], hook.get("exclude", "^$")):
            re.compile(pattern)


def test_the_ready_made_configuration_names_hooks_that_there_are():
    for repo in document(CI / "pre-commit.yml")["repos"]:
        assert set(repo) == {"repo", "rev", "hooks"}
        assert {hook["id"] for hook in repo["hooks"]} <= set(hooks())


def chosen(hook, folder):
    """The files that pre-commit would hand to a hook: tracked, of the type, and meant by the patterns."""
    tracked = sh(folder, "git ls-files").stdout.splitlines()
    return [
        name
        for name in tracked
        if name.endswith((".yaml", ".yml"))
        and re.search(hook["files"], name)
        and not re.search(hook.get("exclude", "^$"), name)
    ]


def hooked(name, folder):
    hook = hooks()[name]
    files = chosen(hook, folder)
    words = [*shlex.split(hook["entry"]), *hook.get("args", ()), *(files if hook.get("pass_filenames", True) else ())]
    return sh(folder, shlex.join(words)), files


def test_the_hooks_pass_over_a_good_library_and_stop_a_bad_one(library):
    done, files = hooked("steady-validate", library)
    assert files == ["runbooks/disk-full.test.yaml", "runbooks/disk-full.yaml"]
    assert done.returncode == 0, done.stdout
    assert hooked("steady-test", library)[0].returncode == 0
    broken(library)
    assert hooked("steady-validate", library)[0].returncode == 1
    assert hooked("steady-test", library)[0].returncode == 1


def test_the_hooks_run_on_the_library_that_is_shipped_and_on_the_examples(tmp_path):
    hook = hooks()["steady-validate"]
    entry = shlex.split(hook["entry"])
    shipped = [str(p) for p in sorted((ROOT / "runbooks").rglob("*.y*ml")) if not re.search(hook["exclude"], str(p))]
    done = sh(tmp_path, shlex.join([*entry, *shipped]))
    assert done.returncode == 0, done.stdout
    kinds = [str(p) for p in sorted((ROOT / "examples" / "kinds").glob("*.yaml"))]
    done = sh(tmp_path, shlex.join([*entry[:2], *kinds]))
    assert done.returncode == 0, done.stdout
    test = hooks()["steady-test"]
    done = sh(ROOT, shlex.join([*shlex.split(test["entry"]), *test["args"]]))
    assert done.returncode == 0, done.stdout
