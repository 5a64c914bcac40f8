"""Runbooks that several tests of the command line use."""

HEALTHY = """\
steadyhand: 1
name: healthy
title: All is well
steps:
  look:
    title: Look
    shell: echo fine
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""

ASKS = """\
steadyhand: 1
name: asks
title: Something is asked
inputs:
  who: {type: string, pattern: '^[a-z]+$', default: ops, description: Whom it is for}
steps:
  act:
    title: Act
    shell: echo {{ inputs.who }} >> effect
    gate: {prompt: 'Act for {{ inputs.who }}?'}
    undo: {shell: rm effect, effect: change}
    next: {pass: check, fail: end.escalated, error: end.escalated, rejected: end.escalated}
  check:
    title: Check
    purpose: verification
    shell: test -e effect
    effect: read
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated}
"""

PEOPLE = """\
steadyhand: 1
name: people
title: People are asked in every way
steps:
  pick:
    title: Pick
    choose: {prompt: Which way?, options: {left: To the left, right: To the right}}
    next: {left: number, right: end.escalated}
  number:
    title: A number
    ask: {prompt: How many?, schema: {type: integer, minimum: 1, maximum: 9}, fact: many}
    next: {pass: by_hand, error: end.escalated}
  by_hand:
    title: By hand
    manual: {instructions: 'Press the button {{ facts.many }} times.', evidence: true}
    next: {pass: end.escalated, fail: end.broken, error: end.broken}
"""

WRONG = """\
steadyhand: 1
name: wrong
title: Wrong
steps:
  look:
    title: Look
    shell: echo
    effect: read
    next: {pass: lok, fail: end.escalated, error: end.escalated}
"""
