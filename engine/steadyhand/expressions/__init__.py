"""Templates, expressions and expectations: rendered, judged and checked. Pure, and cheap until an engine is needed.

`render_text` for text positions, `render_value` for what goes to a handler, `render_native` for plain data;
`evaluate` for expressions and `judge` for results; before a run, `check`, `check_expression`, `check_expect`,
`names_in` and `expression_names`.
"""

from .checking import check, check_expression, expression_names, names_in
from .durations import read_duration, write_duration
from .expectations import check_expect, documents
from .failures import NotYetKnown, NulByte, Problem, TemplateError
from .quoting import as_text, percent, shell_word
from .render import evaluate, render_native, render_text, render_value
from .scan import templated
from .shown import shown
from .values import SecretRef, Truncated, Unknown
from .verdicts import judge

__all__ = [
    "NotYetKnown",
    "NulByte",
    "Problem",
    "SecretRef",
    "TemplateError",
    "Truncated",
    "Unknown",
    "as_text",
    "check",
    "check_expect",
    "check_expression",
    "documents",
    "evaluate",
    "expression_names",
    "judge",
    "names_in",
    "percent",
    "read_duration",
    "render_native",
    "render_text",
    "render_value",
    "shell_word",
    "shown",
    "templated",
    "write_duration",
]
