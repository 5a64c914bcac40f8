"""Which of the forms that there are is wanted: `Accept` of RFC 9110, as far as the API needs it."""

from __future__ import annotations

from collections.abc import Sequence

from ..problems import Refusal

MOST = 4_000
"""Characters of `Accept` that are read."""


def chosen(accept: Sequence[str], forms: Sequence[str]) -> str:
    """The form that is liked best; the first one where all are liked the same. Raises Refusal."""
    wanted = [one for header in accept for one in header[:MOST].split(",") if one.strip()]
    if not wanted:
        return forms[0]
    ranges = [_range(one) for one in wanted]
    best = max(forms, key=lambda form: (_weight(form, ranges), -forms.index(form)))
    if _weight(best, ranges) <= 0:
        raise Refusal(
            "not-acceptable",
            f"there is no {', '.join(w.strip() for w in wanted)[:200]} of this",
            f"ask for {', '.join(forms)}",
        )
    return best


def _range(text: str) -> tuple[str, float]:
    """A media range with its weight."""
    name, *more = (part.strip().lower() for part in text.split(";"))
    weight = next((one[2:] for one in more if one.startswith("q=")), "1")
    try:
        return name, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return name, 1.0


def _weight(form: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How much a form is liked: what fits it most closely says so."""
    family = f"{form.partition('/')[0]}/*"
    for wanted in (form, family, "*/*"):
        found = [weight for name, weight in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
