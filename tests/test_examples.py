"""Every example is run, for real, as somebody who copies it would run it."""

from __future__ import annotations

import http.server
import json
import os
import threading
from pathlib import Path

import pytest

from .cli.steady import steady
from .probed import PROBES
from .realparts.postgresql import PASSWORD, postgres
from .realparts.sshd import sshd

KINDS = Path(__file__).resolve().parent.parent / "examples" / "kinds"
ANSWERS = {
    "gate": [("change", "approve")], "choose": [("pick", "look")], "ask": [("count", "4")],
    "manual": [("cable", "done the light is green")],
}  # fmt: skip
ENDS = {"gate": "resolved", "choose": "escalated", "manual": "resolved"}


class Health(http.server.BaseHTTPRequestHandler):
    """A service that says that it is well."""

    def do_GET(self):
        body = json.dumps({"status": "ok"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing on the terminal."""


@pytest.fixture
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/health"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def served(request, service):
    """The words of the command line that an example needs, its server started."""
    kind = request.node.callspec.params["path"].stem
    if kind == "kubectl":
        here = request.getfixturevalue("fake")
        here.deploy()
        os.environ["KUBECONFIG"] = str(here.kubeconfig)
        yield ["-i", "app=orders", "-i", f"namespace={here.namespace}"]
        del os.environ["KUBECONFIG"]
        return
    if kind in PROBES:
        with PROBES[kind]() as words:
            yield words
        return
    if kind == "ssh":
        with sshd(request.getfixturevalue("tmp_path") / "sshd") as server:
            server.configure(server.folder.parent / "ssh_config", "app1", "app2")
            yield []
        return
    if kind != "sql":
        yield {"http": ["-i", f"url={service}"]}.get(kind, [])
        return
    with postgres() as server:
        os.environ["DB_PASSWORD"] = PASSWORD
        yield ["-i", f"port={server.port}"]
        del os.environ["DB_PASSWORD"]


@pytest.mark.parametrize("path", sorted(KINDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_it_runs_to_its_end(tmp_path, served, path):
    inputs = {"gate": ["-i", f"file={tmp_path / 'made'}"]}
    done = steady(tmp_path, "run", path, *inputs.get(path.stem, served))
    for gate, words in ANSWERS.get(path.stem, []):
        assert done.returncode == 4, done.stderr
        done = steady(tmp_path, "answer", "last", gate, words, "--resume")
    (run,) = json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"]
    assert run["conclusion"] == ENDS.get(path.stem, "healthy"), done.stdout + done.stderr
    if path.stem == "gate":
        assert (tmp_path / "made").exists()


def test_there_is_one_for_every_kind_that_can_be_carried_out(tmp_path):
    rows = json.loads(steady(tmp_path, "doctor", "--json").stdout)["rows"]
    kinds = next(row["detail"] for row in rows if row["what"] == "step kinds").split(", ")
    flow = ["gate", "choose", "ask", "manual", "wait", "set", "call", "diagnose", "parallel", "each"]
    assert {path.stem for path in KINDS.glob("*.yaml")} == {*kinds, *flow}
