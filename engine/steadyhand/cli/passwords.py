"""A password from the person at this terminal, typed twice and not shown; or one line of standard input.

Never a word of the command line: others on the machine can read those, and shells remember them.
"""

from __future__ import annotations

import sys

import click

from ..errors import UsageError


def asked(prompt: str = "Password") -> str:
    """The password. Raises UsageError when none came, or two that differ."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageError("no password came", "type it at a terminal, or send one line on standard input")
        return line
    first: str = click.prompt(prompt, hide_input=True, err=True, default="", show_default=False)
    again: str = click.prompt(f"{prompt} again", hide_input=True, err=True, default="", show_default=False)
    if first != again:
        raise UsageError("the two differ", "run it again")
    if not first:
        raise UsageError("no password came", "type it at a terminal, or send one line on standard input")
    return first
