"""A runbook that rehearsals in several tests are about."""

from ..core.playbook import runbook

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


def book():
    return runbook(BODY)
