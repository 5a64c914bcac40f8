"""Runbooks that rehearsals in several tests are about."""

from steadyhand import schema
from steadyhand.handlers import registry
from steadyhand.model import Effect, HandlerSpec
from steadyhand.rehearsal.documents import read_tests

NOTIFY = HandlerSpec("notify", "Tell people.", (), open_params=True, effect_of=lambda _: Effect.READ)
SPECS = {**registry.specs(), "notify": NOTIFY}
ENDS = "fail: end.escalated, error: end.escalated"
BODY = f"""\
inputs: {{who: {{type: string, enum: [web, db]}}, many: {{type: integer, default: 3}}}}
steps:
  look:
    title: Why?
    diagnose:
      disk: {{cause: The disk is full, shell: "df {{{{ inputs.who }}}}", expect: {{stdout: {{number: {{lt: 90}}}}}}, fix: clean}}
      mail: {{cause: Mail is stuck, shell: mailq, fix: clean}}
    otherwise: end.escalated
    next: {{pass: end.healthy, error: end.escalated}}
  clean:
    title: Clean
    shell: clean
    effect: change
    gate: {{prompt: Clean?, within: 10m, roles: [oncall], quorum: 2}}
    facts: {{freed: "{{{{ stdout }}}}"}}
    undo: {{none: gone is gone}}
    next: {{pass: check, {ENDS}, expired: end.escalated, rejected: end.stopped}}
  check: {{title: Check, purpose: verification, shell: df, effect: read, next: {{pass: end.resolved, {ENDS}}}}}
"""
WIDE = f"""\
inputs: {{app: {{type: string}}, channel: {{type: string, default: "#ops"}}}}
steps:
  tell:
    title: Tell
    notify: {{channel: "{{{{ inputs.channel }}}}", text: "{{{{ inputs.app }}}} is slow"}}
    next: {{pass: wave, {ENDS}}}
  wave:
    title: Look at each
    shell: "look {{{{ item }}}}"
    effect: read
    each: {{in: [a, b]}}
    next: {{pass: both, {ENDS}}}
  both:
    title: Two at once
    parallel:
      branches:
        one: {{shell: one, effect: read}}
        two: {{steps: {{first: {{shell: first, effect: read}}, last: {{shell: last, effect: read, next: {{pass: end.healthy}}}}}}}}
    next: {{pass: pick, {ENDS}}}
  pick:
    title: Which?
    choose: {{prompt: Which?, options: {{fix: Repair, leave: Leave it}}, within: 5m}}
    next: {{fix: number, leave: end.escalated, expired: end.escalated}}
  number:
    title: How many?
    ask: {{prompt: How many?, fact: many, schema: {{type: integer, minimum: 2}}, within: 5m}}
    next: {{pass: repair, expired: end.escalated}}
  repair:
    title: Repair
    shell: "repair {{{{ facts.many }}}}"
    effect: change
    gate: {{prompt: "Repair {{{{ inputs.app }}}}?", within: 5m, roles: [oncall]}}
    capture: {{state: {{shell: state}}}}
    verify: {{shell: probe, settle: 30s}}
    undo: {{shell: take back, effect: change}}
    next: {{pass: by_hand, {ENDS}, rejected: end.stopped, expired: end.escalated}}
  by_hand:
    title: Look at the lamp
    manual: {{instructions: Is it green?, effect: read, within: 5m}}
    purpose: verification
    next: {{pass: end.resolved, fail: end.escalated, expired: end.escalated}}
"""


def runbook(body):
    loaded = schema.read(f"steadyhand: 1\nname: x\ntitle: X\n{body}", "x.yaml", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook


def book():
    return runbook(BODY)


def wide():
    return runbook(WIDE)


def cases(text):
    """The cases of a document, which must be well-formed."""
    document, found = read_tests(text, "x.test.yaml")
    assert found == (), found
    return document.cases


def case(text):
    """One case, from its lines."""
    lines = "".join(f"    {line}\n" for line in text.strip("\n").splitlines())
    return cases(f"tests:\n  t:\n{lines}")[0]


__all__ = ["BODY", "ENDS", "SPECS", "WIDE", "book", "case", "cases", "runbook", "wide"]
