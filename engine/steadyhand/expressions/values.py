"""Values that are more than data: a secret, something not known yet, output that was cut, text that is not quoted.

Called by whoever makes the names that templates may use, and by the renderer that has to tell them apart. A
`SecretRef` holds no value, so nothing here could leak one; what it prevents is a template that would treat a secret
as text and so take it out of the places where it is masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from msgspec import Struct

from .failures import NotYetKnown, TemplateError


def transformed(name: str) -> TemplateError:
    """The error for anything that would look into a secret."""
    return TemplateError(
        f"`secrets.{name}` is a secret, and a secret cannot be transformed: pass it whole",
        f"write `{{{{ secrets.{name} }}}}` and nothing else inside the braces",
    )


class SecretRef:
    """A secret by name: what `secrets.x` is in a template. It can be passed on whole, and nothing else."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def _refuse(self, *_: object) -> NoReturn:
        raise transformed(self.name)

    __str__ = __format__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __call__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _refuse
    __int__ = __float__ = __index__ = __bytes__ = _refuse

    def __repr__(self) -> str:
        return f"SecretRef({self.name!r})"

    def __eq__(self, other: object) -> bool:
        # Two references may be compared by name; a secret and a value may not, for the answer would tell about it.
        return self.name == other.name if isinstance(other, SecretRef) else self._refuse()

    def __hash__(self) -> int:
        return hash((SecretRef, self.name))


class Unknown:
    """A value that is not known yet (dry run, plan). Whatever is taken from it is not known either."""

    __slots__ = ("label",)

    def __init__(self, label: str) -> None:
        self.label = label

    def _unknown(self, *_: object) -> NoReturn:
        raise NotYetKnown(self.label)

    __str__ = __format__ = __bool__ = __len__ = __iter__ = __contains__ = __call__ = _unknown
    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = __index__ = __bytes__ = _unknown

    def __getitem__(self, key: object) -> Unknown:
        return Unknown(f"{self.label}.{key}" if isinstance(key, str) else f"{self.label}[{key}]")

    def __repr__(self) -> str:
        return f"Unknown({self.label!r})"

    def __eq__(self, other: object) -> bool:
        return self.label == other.label if isinstance(other, Unknown) else self._unknown()

    def __hash__(self) -> int:
        return hash((Unknown, self.label))

    @property
    def mark(self) -> str:
        """How it is written where a value will stand."""
        return f"⟨{self.label}⟩"


class Unusable:
    """Stands for a value that cannot be used, with the error that says why. Made by the sandbox."""

    __slots__ = ()

    @property
    def error(self) -> TemplateError:
        """What to raise when it is used."""
        raise NotImplementedError


class Truncated(Struct, frozen=True):
    """Text of which more came than was kept: `text` is its beginning, `size` how many bytes came."""

    text: str
    size: int

    @property
    def why(self) -> str:
        """Why nothing can be concluded from it."""
        kept = len(self.text.encode("utf-8", "surrogatepass"))
        return f"only the first {kept:,} of {self.size:,} bytes were kept"


class Raw(str):
    """Text that the author put in without quoting (`| raw`). Any further operation makes it ordinary text again."""

    __slots__ = ()


class Given(Struct, frozen=True):
    """What one placeholder gave, and how the placeholder was written."""

    value: Any
    label: str


def kind(value: Any) -> str:
    """What a value is, in the words of the document."""
    for test, word in _KINDS:
        if isinstance(value, test):
            return word
    return f"of a kind that cannot stand here ({type(value).__name__})"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "true or false"),
    ((int, float), "a number"),
    ((str, Truncated), "a text"),
    ((list, tuple), "a list"),
    (Mapping, "a map"),
    (SecretRef, "a secret"),
    (Unknown, "not known yet"),
)
