"""A first library: settings, one runbook that works anywhere, its test, and a CI snippet. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SETTINGS = """\
# Settings of Steadyhand; found upwards from where a command is run.
library: [runbooks]
roles: {}        # responder: [name, name]; a role that is not listed is not checked
contacts: {}     # team-data: "#team-data"
"""

RUNBOOK = """\
steadyhand: 1
name: disk-full
title: A file system is nearly full
severity: SEV3
owner: team-platform
symptoms: ['Writes fail with "No space left on device"']

inputs:
  path: {type: string, pattern: '^/', default: /, description: A folder on the file system}
  limit: {type: integer, minimum: 1, maximum: 100, default: 90, description: Per cent used that is too much}

steps:
  usage:
    title: How full is it?
    shell: df --output=pcent {{ inputs.path }} | tail -n 1 | tr -dc 0-9
    effect: read
    expect: {stdout: {number: {lt: "{{ inputs.limit }}"}}}
    facts: {used: "{{ stdout | int }}"}
    next: {pass: end.healthy, fail: causes, error: end.escalated}

  causes:
    title: What fills it?
    diagnose:
      caches:
        cause: Old files in the package cache
        shell: find /var/cache -xdev -type f -mtime +7 2>/dev/null | wc -l
        expect: {stdout: {number: {lt: 1000}}}
        fix: clean
    otherwise: look
    next: {error: look}

  look:
    title: Look for yourself
    manual: Find what fills {{ inputs.path }} (du -xh {{ inputs.path }} | sort -h | tail) and free some space.
    next: {pass: confirm, fail: end.escalated, error: end.escalated}

  clean:
    title: Remove files older than seven days from the package cache
    shell: find /var/cache -xdev -type f -mtime +7 -delete
    effect: destructive
    gate: {prompt: "Remove old files below /var/cache?", within: 15m}
    undo: {none: Caches are filled again when they are needed}
    next: {pass: confirm, fail: end.escalated, error: end.escalated, rejected: look, expired: end.escalated}

  confirm:
    title: Is there space again?
    purpose: verification
    shell: df --output=pcent {{ inputs.path }} | tail -n 1 | tr -dc 0-9
    effect: read
    expect: {stdout: {number: {lt: "{{ inputs.limit }}"}}}
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated}

escalation: {after: 30m, to: team-platform}
"""

TEST = """\
runbook: disk-full.yaml
tests:
  nothing wrong:
    steps: {usage: {exit_code: 0, stdout: "42"}}
    expect: {conclusion: healthy, facts: {used: 42}}
  the cache is cleaned:
    steps:
      usage: {exit_code: 0, stdout: "97"}
      causes.caches: {exit_code: 0, stdout: "5000"}
      clean: {exit_code: 0}
      confirm: {exit_code: 0, stdout: "60"}
    answers: {clean: approve}
    expect: {conclusion: resolved, path: [usage, causes, clean, confirm]}
  a person says no:
    steps: {usage: fail, causes.caches: fail, confirm: pass}
    answers: {clean: reject, look: done}
    expect: {conclusion: resolved, path: [usage, causes, clean, look, confirm]}
  nobody answers:
    steps: {usage: fail, causes.caches: fail}
    expect: {conclusion: escalated, path: [usage, causes, clean]}
  the engine dies while it cleans:
    steps: {usage: fail, causes.caches: fail, clean: {after: 10m}, confirm: pass}
    answers: {clean: approve, 'clean:doubt': happened}
    crash_after: [12]
    expect: {conclusion: resolved, attempts: {clean: 1}}
"""

WORKFLOW = """\
# A CI snippet; any system that can run a shell will do.
pip install steadyhand
steady validate runbooks
steady test runbooks
"""

FILES = {
    "steady.yaml": SETTINGS,
    "runbooks/disk-full.yaml": RUNBOOK,
    "runbooks/disk-full.test.yaml": TEST,
    "ci/runbooks.sh": WORKFLOW,
}


def begin(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Write what is not there; each path, and whether it was written."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8") as new:
                new.write(text)
        except FileExistsError:
            yield path, False
        else:
            yield path, True
