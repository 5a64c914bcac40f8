"""The three streams of the process: made where the caller has closed them, and given up in peace when they break."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
"""The streams by the numbers of their files, and what they are for."""


def open_missing() -> None:
    """What the caller has closed (`<&-`, `>&-`) is nobody: nothing comes from it, and what goes to it is lost.

    Otherwise the next file that is opened, such as the store, would take its number, and be written to as output.
    """
    for number, (name, mode) in enumerate(STREAMS):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this very one
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 open as long as we are


def say(words: str) -> None:
    """Words beside the answer, on standard error. Where those cannot be written, nobody wants them."""
    with suppress(OSError):
        click.echo(words, err=True)


def is_output(problem: OSError) -> bool:
    """Whether it was raised while an answer was printed, and not by a file that we work with."""
    frame = problem.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and frame.tb_frame.f_code is click.echo.__code__


def abandon(problem: OSError) -> None:
    """Standard output is broken: all that is still to come goes nowhere. A reader who has just left is not an error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(problem, BrokenPipeError):
        say(f"steady: standard output cannot be written: {problem.strerror or problem}")
