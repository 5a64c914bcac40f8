"""The step graph: what may follow what, what can be proved of it, and how it is drawn. Pure."""

from .build import Edge, Graph, Node, build, label_of, operations
from .checks import check
from .confinement import CODES as CONFINEMENT_CODES
from .confinement import confinement
from .findings import CODES, Around
from .outline import outline, outline_text
from .pictures import mermaid, text

__all__ = [
    "CODES",
    "CONFINEMENT_CODES",
    "Around",
    "Edge",
    "Graph",
    "Node",
    "build",
    "check",
    "confinement",
    "label_of",
    "mermaid",
    "operations",
    "outline",
    "outline_text",
    "text",
]
