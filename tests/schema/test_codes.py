"""Every code of a finding has a document that earns it: the exact text, the place, and what to write instead."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from steadyhand import graph, schema
from steadyhand.app import library
from steadyhand.handlers import registry
from steadyhand.rehearsal import documents

from .documents import DOC, HEAD, STEP, changed

SPECS = registry.specs()
KINDS = ", ".join(SPECS)
KEPT = "`secrets.s` would be kept and shown here, so it is refused"
USED = "use the secret where a step takes it: in a command, a header, a variable"
DOTS, OUT = "`secrets.s` would stand here as dots", "leave it out: nobody may read it"
INPUT = "title: X\ninputs: {x: {type: string}}"

CASES = [
    ("SH101", changed("title: X", "title: X\ntitel: Y"), "a runbook has no key `titel`", 4, 1, "did you mean `title`?"),
    ("SH101", changed("    title: A", "    purpos: x\n    title: A"), "step `a` has no key `purpos`", 6, 5,
     "did you mean `purpose`?"),
    ("SH102", changed("title: X\n", ""), "a runbook needs the key `title`", 1, 1,
     "add `title: Database connections exhausted`"),
    ("SH102", f"{HEAD}steps: {{}}\n", "`steps` holds no step", 4, 8, "add a step"),
    ("SH103", changed("title: X", "title: [X]"), "`title` must be text, and is a list", 3, 8,
     "write `title: Database connections exhausted`"),
    ("SH103", changed("title: X", "title: X\nalerts: Foo"), "`alerts` must be a list, and is 'Foo'", 4, 9,
     "write [PostgresTooManyConnections]"),
    ("SH103", f"{HEAD}steps: [a]\n", "`steps` must be a map, and is a list", 4, 8, "write `key: value` lines below it"),
    ("SH103", changed("title: X", "title: X\nwithin: soon"), "`within` must be a duration, and is 'soon'", 4, 9,
     "write 30s, 5m, 1h30m"),
    ("SH104", changed("effect: read", "effect: read\n    wait: 3s"), "step `a` has two kinds, `shell` and `wait`", 6, 5,
     "make two steps of it"),
    ("SH104", changed("    shell: echo\n", ""), "step `a` has no kind", 6, 5,
     f"add one of: {KINDS}, gate, choose, ask, manual, wait, set, call, diagnose, parallel"),
    ("SH104", changed("title: X", "title: X\nsecrets: {s: {env: A, file: b}}"), "secret `s` needs one source", 4, 14,
     "one of env, file, command, kubernetes, vault, keyring"),
    ("SH105", changed("steadyhand: 1", "steadyhand: 2"), "the format version is 1 here, and not 2", 1, 13,
     "write `steadyhand: 1`, or install the version of Steadyhand that reads it"),
    ("SH201", changed("name: x", "name: X y"), "`name` cannot be 'X y'", 2, 7,
     "use lower-case letters, digits, - and _, and begin with a letter"),
    ("SH201", changed("effect: read", "effect: reed"), "`effect` cannot be 'reed'", 8, 13, "did you mean `read`?"),
    ("SH201", changed("  a:\n", "  A b:\n"), "a step's id cannot be 'A b'", 5, 3,
     "use lower-case letters, digits, - and _; begin with a letter"),
    ("SH301", changed("pass: end.healthy", "pass: b"), "there is no step `b`", 9, 18,
     "steps: a, end.healthy, end.resolved, end.escalated, end.stopped, end.broken"),
    ("SH302", changed("pass: end.healthy", "pass: end.helthy"), "there is no end `end.helthy`", 9, 18,
     "did you mean `end.healthy`?"),
    ("SH303", changed("pass: end.healthy", "pass: end.healthy, approved: end.healthy"),
     "step `a` cannot end in `approved`", 9, 31, "outcomes: pass, fail, error"),
    ("SH304", changed("echo", "echo {{ inputs.host }}"), "there is no input `host`", 7, 12,
     "declare it under `inputs:`"),
    ("SH304", changed("echo", "echo {{ inputs.y }}", changed("title: X", INPUT)), "there is no input `y`", 8, 12,
     "inputs: x"),
    ("SH304", changed("echo", "echo {{ steps.b.stdout }}"), "there is no step `b`", 7, 12, "steps: a"),
    ("SH309", changed("title: X", "title: X\ntargets: {a: {sssh: {}}}"), "`a` is of no known kind `sssh`", 4, 15,
     "did you mean `ssh`?"),
    ("SH305", changed("    effect: read\n", "    effect: read\n    target: a\n"), "a `shell` step takes no target", 6, 5,
     "remove it: a `shell` step says itself what it acts on"),
    ("SH305", changed("    effect: read\n", "    effect: read\n    each: {target: hosts}\n",
                      changed("title: X", "title: X\ntargets: {host: {ssh: {hosts: [a]}}}")),
     "there is no target `hosts`", 10, 20, "did you mean `host`?"),
    ("SH306", changed("    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}\n", ""),
     "step `a` needs an edge for `pass`: no step follows", 5, 3,
     "add `next: {pass: ...}` with a step or an end such as end.resolved"),
    ("SH307", changed("shell: echo", "shel: echo"), "there is no step kind `shel`", 7, 5,
     "did you mean `shell`?"),
    ("SH307", changed("shell: echo", "restart: nginx"), "there is no step kind `restart`", 7, 5,
     f"kinds: {KINDS}, gate, choose, ask, manual, wait, set, call, diagnose, parallel; or install the plug-in that brings it"),
    ("SH401", changed("shell: echo", "shell: {text: echo, txt: echo}"), "`shell` has no parameter `txt`", 7, 25,
     "did you mean `text`?"),
    ("SH402", changed("shell: echo", "shell: {env: {A: b}}"), "`shell` needs one of `text` or `argv`", 7, 12,
     "give `text` or `argv`"),
    ("SH402", changed("shell: echo", "shell: {text: a, argv: [b]}"), "`shell` needs only one of `text` or `argv`", 7, 12,
     "give `text` or `argv`"),
    ("SH402", changed("shell: echo", "http: {method: GET}"), "`http` needs the parameter `url`", 7, 11,
     "add `url: https://{{ inputs.host }}/health`"),
    ("SH403", changed("shell: echo", "shell: {text: [a]}"), "`text` must be text, and is a list", 7, 19,
     'write `text: "systemctl is-active {{ inputs.unit }}"`'),
    ("SH403", changed("shell: echo", "shell: {text: a, env: [b]}"), "`env` must be a map, and is a list", 7, 27,
     'write `env: {PGPASSWORD: "{{ secrets.db_password }}"}`'),
    ("SH405", changed("shell: echo", "http: {method: DELETE, url: 'http://x/'}"),
     "this is destructive, and cannot be declared `read`", 8, 13, "write `effect: destructive`, or leave it out"),
    ("SH405", changed("shell: echo", "http: {method: POST, url: 'http://x/'}"),
     "this is a change, and cannot be declared `read`", 8, 13, "write `effect: change`, or leave it out"),
    ("SH406", changed("    shell: echo\n    effect: read\n", "    diagnose:\n      c: {cause: C, shell: rm x, effect: change}\n"),
     "a check may only read", 8, 42, "make it a step of its own, with a gate"),
    ("SH407", changed("effect: read", "effect: change\n    retry: {times: 2}"), "a change cannot be retried", 9, 12,
     "add `idempotent: true` if doing it twice does no harm; else remove `retry:`"),
    ("SH501", changed("echo", "echo {{ inputs.x"),
     "the template cannot be read: unexpected end of template, expected 'end of print statement'", 7, 12,
     "a placeholder is `{{ name }}`; for braces that are just text, write `{{ '{{' }}`"),
    ("SH501", changed("echo", "echo '{{ inputs.x }}'", changed("title: X", INPUT)),
     "a placeholder inside single quotes: its value is quoted already, and would not be in there", 8, 12,
     "write `{{ inputs.x }}`"),
    ("SH502", changed("effect: read", "effect: read\n    expect: {stdout: {nubmer: 3}}"),
     "there is no matcher `nubmer`", 9, 31, "did you mean `number`?"),
    ("SH502", changed("effect: read", "effect: read\n    expect: {stduot: x}"),
     "the result has no `stduot`", 9, 22, "did you mean `stdout`?"),
    ("SH502", changed("effect: read", 'effect: read\n    expect: "stduot == 3"'),
     "there is no `stduot` to judge here", 9, 13, "did you mean `stdout`?"),
    ("SH503", changed("echo", "echo {{ inputs.x | raw }}", changed("title: X", INPUT)),
     "`raw` puts a value into the text without quoting", 8, 12,
     "leave `raw` out, unless the value is meant to be read as part of the text"),
    ("SH403", changed("shell: echo", "http: ftp://x/"), "`url` is no http or https address: 'ftp://x/'", 7, 11,
     "begin it with https:// and a host"),
    ("SH403", changed("shell: echo", "http: 'ftp://{{ run.id }}/'"),
     "`url` is no http or https address: 'ftp://{{ run.id }}/'", 7, 11, "begin it with https:// and a host"),
    ("SH403", changed("shell: echo", "http: https://x:99999/a"), "there is no port 99999", 7, 11,
     "ports go from 1 to 65535"),
    *(("SH504", changed("shell: echo\n    effect: read", text, changed("title: X", "title: X\nsecrets: {s: {env: S}}")),
       message, 8, column, hint)
      for text, message, column, hint in (
        ('set: {a: "{{ secrets.s }}"}', KEPT, 14, USED),
        ('choose: {prompt: Which?, options: {a: "{{ secrets.s }}", pass: B}}', DOTS, 43, OUT),
        ('gate: "Do {{ secrets.s }}?"', DOTS, 11, OUT),
      )),
    ("SH504", changed("effect: read", 'effect: read\n    facts: {a: "{{ secrets.s }}"}',
                      changed("title: X", "title: X\nsecrets: {s: {env: S}}")), KEPT, 10, 16, USED),
    ("SH102", changed("effect: read", "effect: read\n    each: {in: [a], batch: []}"), "`batch` holds no size", 9, 28,
     "write 1, 10% or [1, 10%, 50%]"),
    ("SH505", changed("    title: A", "    title: Restart {{ inputs.nothing }}"),
     "nothing is filled in in `title`: the placeholder stands there as it is", 6, 12,
     "write it without; what is filled in stands in prompts, commands and labels"),
    ("SH601", changed("title: X", "title: X\ninputs: {x: {tpye: string}}"), "the keyword `tpye` is not known here", 4, 14,
     "did you mean `type`?"),
    ("SH601", changed("title: X", "title: X\ninputs: {x: {type: strin}}"),
     "there is no type 'strin': string, integer, number, boolean, array, object, null", 4, 20, ""),
    ("SH601", changed("title: X", "title: X\ninputs: {x: {type: string, pattern: '(a+)+'}}"),
     ("the regular expression `(a+)+` could take for ever: a repetition inside a repetition can split the same text in "
     "too many ways"), 4, 37, ""),
    ("SH602", changed("title: X", "title: X\ninputs: {x: {type: integer, default: many}}"),
     "the default does not fit: 'many' must be of type integer", 4, 38, ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "message", "line", "column", "hint"), CASES)
def test_a_finding_says_where_what_and_what_to_write(code, text, message, line, column, hint):
    found = [d for d in schema.read(text, "x.yaml", SPECS).diagnostics if d.code == code]
    assert [(d.message, d.span.line, d.span.column, d.hint) for d in found] == [(message, line, column, hint)]
    assert found[0].text == text.splitlines()[line - 1]
    assert found[0].span.source == "x.yaml"


def test_every_code_has_a_case_and_a_title():
    elsewhere = {"SH001", "SH002", "SH003", "SH004", "SH005", "SH006", "SH007", "SH008"}  # tests/source/test_parse.py
    settings = {"SH701", "SH711"}  # tests/schema/test_intakes.py, test_routes.py
    assert {case[0] for case in CASES} | elsewhere | settings == set(schema.CODES)
    for code, (title, why) in {**schema.CODES, **graph.CODES, **library.CODES, **documents.CODES}.items():
        assert title, code
        assert why.endswith("."), code


def test_the_document_that_all_cases_change_is_valid():
    loaded = schema.read(DOC, "x.yaml", SPECS)
    assert loaded.diagnostics == ()
    assert loaded.runbook is not None
    assert STEP in loaded.runbook.text


def test_findings_are_worded_the_same_in_every_process():
    code = (
        "from steadyhand import schema; from steadyhand.handlers import registry; "
        "t = 'steadyhand: 1\\nname: x\\ntitle: X\\nsteps:\\n  a:\\n    diagnose: {b: {cause: C, zzzzz: 1, shell: [1]}}\\n    qqqq: 1\\n'; "
        "print([(d.message, d.hint) for d in schema.read(t, 'x', registry.specs()).diagnostics])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "1234"
    }
    assert len(said) == 1
    assert b"zzzzz" in said.pop()
