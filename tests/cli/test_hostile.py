"""Hostile input through every template position, and secrets in every byte that the product writes."""

import base64
import gzip
import html
import json
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from .steady import steady

VALUES = {
    "semicolon": '"; touch pwned #',
    "substitution": "$(touch pwned)",
    "backticks": "`touch pwned`",
    "newline": "a\ntouch pwned\n",
    "quotes": 'it\'s "quoted" \\ back',
    "template": "{{ 7 * 7 }}{% raw %}",
    "dash": "-rf /",
    "empty": "",
    "glob": "* ~ $HOME ${PATH} !x && |",
    "unicode": "…\u2028\u202eé",
    "long": "x" * 20_000,
    "bytes": "caf\udce9",
}

RUNBOOK = """\
steadyhand: 1
name: hostile
title: Hostile {{ not a template here }}
inputs: {v: {type: string}, port: {type: integer}}
steps:
  text: {title: Text, shell: 'printf %s {{ inputs.v }} > text.out', effect: read, next: {pass: argv, fail: end.escalated}}
  argv:
    title: Argv
    shell: {argv: [sh, -c, 'printf %s "$1" > argv.out', sh, "{{ inputs.v }}"]}
    effect: read
    next: {pass: env, fail: end.escalated}
  env:
    title: Env
    shell: {text: 'printf %s "$V" > env.out', env: {V: "{{ inputs.v }}"}}
    effect: read
    next: {pass: stdin, fail: end.escalated}
  stdin:
    title: Stdin
    shell: {text: 'cat > stdin.out', stdin: "{{ inputs.v }}"}
    effect: read
    next: {pass: nested, fail: end.escalated}
  nested:
    title: Nested
    shell: 'x=$(printf %s {{ inputs.v }}; printf .); printf %s "${x%.}" > nested.out'
    effect: read
    next: {pass: facts, fail: end.escalated}
  facts:
    title: Facts
    set: {copy: "{{ inputs.v }}"}
    expect: "copy == inputs.v"
    next: {pass: http, fail: end.escalated}
  http:
    title: Http
    http: {url: "http://127.0.0.1:{{ inputs.port }}/p/{{ inputs.v }}/end", query: {q: "{{ inputs.v }}"}}
    next: {pass: end.healthy, fail: end.escalated, error: end.broken}
"""


class Echo(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_GET(self):
        type(self).seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def echo():
    Echo.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", VALUES)
def test_nothing_but_data_arrives(tmp_path, echo, name):
    value = VALUES[name]
    (tmp_path / "hostile.yaml").write_text(RUNBOOK)
    done = steady(tmp_path, "run", "hostile.yaml", "-i", f"v={value}", "-i", f"port={echo}")
    raw = value.encode("utf-8", "surrogateescape")
    for where in ("text", "argv", "env", "stdin", "nested"):
        assert (tmp_path / f"{where}.out").read_bytes() == raw, (where, done.stdout)
    assert not (tmp_path / "pwned").exists()
    assert done.returncode == 0, done.stdout + done.stderr
    path = Echo.seen[0].split("?")[0]
    assert urllib.parse.unquote_to_bytes(path.removeprefix("/p/").removesuffix("/end")) == raw
    for form in ("md", "html", "json"):
        assert steady(tmp_path, "transcript", "--format", form).returncode == 0
    assert steady(tmp_path, "audit", "verify").returncode == 0


def test_a_very_long_value_is_refused_with_what_to_do_instead(tmp_path, echo):
    (tmp_path / "hostile.yaml").write_text(RUNBOOK)
    done = steady(tmp_path, "run", "hostile.yaml", "-i", "v=" + "'" * 60_000, "-i", f"port={echo}")
    assert done.returncode != 0
    assert not (tmp_path / "text.out").exists()
    assert "stdin" in done.stdout


SECRET = 'p4ss/w+rd "ü" & <tag>\'s'

LEAKY = """\
steadyhand: 1
name: leaky
title: Leaky
secrets: {one: {env: ONE}, two: {file: two.secret}, three: {command: cat three.secret}}
steps:
  plain:
    title: Plain
    shell: printf '%s\\n' {{ secrets.one }} {{ secrets.two }} {{ secrets.three }}; env; cat two.secret >&2
    effect: read
    facts: {leak: "{{ stdout }}"}
    next: {pass: coded, fail: coded, error: coded}
  coded:
    title: Coded
    shell:
      text: 'python3 coded.py'
      env: {S: "{{ secrets.one }}"}
    effect: read
    expect: {stdout: {contains: nothing like it}}
    next: {pass: split, fail: split, error: split}
  split:
    title: Split over writes
    shell: {text: 'python3 split.py', stdin: "{{ secrets.three }}"}
    effect: change
    gate: {prompt: 'May it?'}
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""

CODED = """\
import os, base64, json, html, urllib.parse, shlex
s = os.environ['S']
for t in (s, base64.b64encode(s.encode()).decode(), base64.b64encode(b'x' + s.encode() + b'yz').decode(), json.dumps(s),
          urllib.parse.quote(s), urllib.parse.quote_plus(s, safe=''), html.escape(s), shlex.quote(s), s.encode().hex()):
    print('<<' + t + '>>')
print('padding ' * 3000)
"""

SPLIT = """\
import sys, time
s = sys.stdin.buffer.read()
for i in range(len(s)):
    sys.stdout.buffer.write(s[i:i + 1]); sys.stdout.flush(); time.sleep(0.002)
sys.exit('failed with ' + s.decode())
"""


def every_form(secret):
    raw = secret.encode()
    return {
        raw, base64.b64encode(raw).rstrip(b"="), json.dumps(secret)[1:-1].encode(), urllib.parse.quote(secret).encode(),
        urllib.parse.quote_plus(secret).encode(), html.escape(secret).encode(), raw.hex().encode(),
    }  # fmt: skip


def test_planted_secrets_are_in_no_byte_that_is_written(tmp_path):
    (tmp_path / "leaky.yaml").write_text(LEAKY)
    (tmp_path / "coded.py").write_text(CODED)
    (tmp_path / "split.py").write_text(SPLIT)
    secrets = {"one": SECRET, "two": "second-Secret-0815", "three": "third~secret~4711"}
    (tmp_path / "two.secret").write_text(secrets["two"] + "\n")
    (tmp_path / "three.secret").write_text(secrets["three"] + "\n")
    said = []
    first = steady(tmp_path, "run", "leaky.yaml", ONE=SECRET)
    assert first.returncode == 4, first.stderr
    said.append(steady(tmp_path, "note", "last", f"the password is {SECRET}", ONE=SECRET))
    said.append(
        steady(tmp_path, "answer", "last", "split", "approve", "--comment", secrets["two"], "--resume", ONE=SECRET)
    )
    readers = (
        ["transcript"],
        ["transcript", "--format", "html"],
        ["transcript", "--json"],
        ["show"],
        ["show", "--json"],
        ["watch", "--json", "--no-wait"],
    )
    said.extend(steady(tmp_path, *words) for words in readers)
    steady(tmp_path, "audit", "export", "-o", "out.tar.gz")
    written = {
        f"output {i}": (run.stdout + run.stderr).encode("utf-8", "surrogateescape")
        for i, run in enumerate([first, *said])
    }
    written |= {str(p): p.read_bytes() for p in (tmp_path / "store").rglob("*") if p.is_file()}
    written["archive"] = gzip.decompress((tmp_path / "out.tar.gz").read_bytes())
    assert len(written) > 10
    for where, content in written.items():
        for name, secret in secrets.items():
            for form in every_form(secret):
                assert form not in content, (where, name, form)
    assert any(b"[secret one]" in content for content in written.values())


SEEN = """\
steadyhand: 1
name: seen
title: Seen
secrets: {one: {env: ONE}}
steps:
  look:
    title: Look at its own command line
    shell: "tr '\\\\0' ' ' < /proc/$$/cmdline > seen; test -n {{ secrets.one }}"
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""


def test_a_secret_is_on_no_command_line(tmp_path):
    (tmp_path / "seen.yaml").write_text(SEEN)
    done = steady(tmp_path, "run", "seen.yaml", ONE=SECRET)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "STEADY_SECRET_one" in (tmp_path / "seen").read_text()
    assert SECRET not in (tmp_path / "seen").read_text()


LATER = """\
steadyhand: 1
name: later
title: Later
secrets: {one: {env: ONE}, three: {command: cat three.secret}, unused: {command: exit 1}}
steps:
  first:
    title: Uses them
    shell: test -n {{ secrets.three }} && test -n {{ secrets.one }}
    effect: read
    next: {pass: ask, fail: end.escalated, error: end.escalated}
  ask: {title: Ask, gate: {prompt: Go on?}, next: {approved: last, rejected: end.stopped}}
  last:
    title: Prints them and uses none
    shell: cat three.secret one.secret
    effect: read
    facts: {leak: "{{ stdout }}"}
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""


@pytest.fixture
def later(tmp_path):
    (tmp_path / "later.yaml").write_text(LATER)
    (tmp_path / "one.secret").write_text("variable-secret-1\n")
    (tmp_path / "three.secret").write_text("command-secret-3\n")
    first = steady(tmp_path, "run", "later.yaml", ONE="variable-secret-1")
    assert first.returncode == 4, first.stdout + first.stderr
    return tmp_path


def in_the_store(folder, word):
    return any(word.encode() in p.read_bytes() for p in (folder / "store").rglob("*") if p.is_file())


def test_secrets_that_were_used_are_known_to_the_next_process_as_well(later):
    words = "it is command-secret-3, or variable-secret-1"
    assert steady(later, "note", "last", words, ONE="variable-secret-1").returncode == 0
    done = steady(later, "answer", "last", "ask", "approve", "--comment", words, "--resume", ONE="variable-secret-1")
    assert done.returncode == 0, done.stderr
    shown = [steady(later, "transcript", "--format", form).stdout for form in ("md", "html", "json")]
    for text in (*shown, done.stdout + done.stderr):
        assert "variable-secret-1" not in text
        assert "command-secret-3" not in text
    assert "[secret three]" in shown[2]
    assert not in_the_store(later, "variable-secret-1")
    assert not in_the_store(later, "command-secret-3")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("note", "last", "it is variable-secret-1"), 2),
        (("answer", "last", "ask", "approve", "--comment", "variable-secret-1"), 2),
        (("answer", "last", "ask", "approve", "--resume"), 2),
        (("resume", "last"), 2),
        (("answer", "last", "ask", "approve"), 0),
        (("stop", "last", "--reason", "variable-secret-1"), 0),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_where_such_a_secret_cannot_be_had_nothing_is_written_that_might_hold_it(later, words, code):
    done = steady(later, *words)
    assert done.returncode == code, done.stderr
    if code or words[0] == "stop":
        assert "secret one: the variable ONE is not set; the run has used it" in done.stderr
    assert not in_the_store(later, "variable-secret-1")
    kinds = [json.loads(line)["type"] for line in steady(later, "watch", "--json", "--no-wait").stdout.splitlines()]
    assert ("gate.answered" in kinds) is (words[0] == "answer" and not code)
    assert ("run.stop_requested" in kinds) is (words[0] == "stop")
