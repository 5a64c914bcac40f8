"""YAML text to nodes with places."""

from .nodes import Mapping, Node, Scalar, Sequence, builtin
from .parse import parse
from .quantities import format_duration, format_size, parse_duration, parse_size

__all__ = [
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "builtin",
    "format_duration",
    "format_size",
    "parse",
    "parse_duration",
    "parse_size",
]
