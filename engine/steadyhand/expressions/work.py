"""The bounds of one rendering: how much it may do and how large its values may become.

Called by the sandbox before each operation that could grow. There is no clock on this floor, so work is counted, not
timed; an operation whose result may be larger than its operands asks first.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from .failures import TemplateError

STEPS = 50_000
"""Operations, method calls and turns of loops in one rendering."""

SIZE = 32 * 1024 * 1024
"""Characters and items that all operations of one rendering may handle together."""

LARGEST = 4 * 1024 * 1024
"""Characters or items of one value that an operation makes."""

OUTPUT = 1024 * 1024
"""Characters of a rendered text."""

BITS = 20_000
"""Bits of a whole number that an operation makes."""

ITEMS = 10_000
"""Numbers that `range` gives."""


class Work:
    """What one rendering has done so far. Every method raises TemplateError when a bound is passed."""

    __slots__ = ("size", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.size = 0

    def step(self, count: int = 1) -> None:
        """Some operations are about to be done."""
        self.steps += count
        if self.steps > STEPS:
            raise TemplateError(f"the template does too much: more than {STEPS:,} operations", "make its loops smaller")

    def handle(self, *values: Any) -> None:
        """Values go into an operation, or come out of it."""
        self.size += sum(weight(value) for value in values)
        if self.size > SIZE:
            raise TemplateError(f"the template handles too much: more than {SIZE:,} characters and items in all")


def weight(value: Any) -> int:
    """How much there is of a value."""
    return len(value) if isinstance(value, (str, list, tuple, dict)) else 0


def affordable(size: float) -> None:
    """Raises TemplateError when a result of that many characters or items is too large."""
    if size > LARGEST:
        raise TemplateError(f"the template would make a value of more than {LARGEST:,} characters or items")


def short_enough(number: float) -> None:
    """Raises TemplateError when a whole number of that many bits is too large."""
    if number > BITS:
        raise TemplateError(f"the template would make a number of more than {BITS:,} bits")


def product(left: Any, right: Any) -> None:
    """Before `left * right`."""
    for sized, times in ((left, right), (right, left)):
        if isinstance(sized, Sized) and isinstance(times, int):
            affordable(len(sized) * max(times, 0))
    if isinstance(left, int) and isinstance(right, int):
        short_enough(left.bit_length() + right.bit_length())


def power(left: Any, right: Any) -> None:
    """Before `left ** right`."""
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1:
        short_enough(left.bit_length() * abs(right))
