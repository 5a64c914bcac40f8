"""The step graph: what may follow what, what can be proved of it, and how it is drawn. Pure."""

from .build import Edge, Graph, Node, build, label_of, operations
from .checks import CODES, check
from .confinement import CODES as CONFINEMENT_CODES
from .confinement import confinement
from .outline import outline
from .pictures import mermaid, text

__all__ = [
    "CODES",
    "Around",
    "Edge",
    "Graph",
    "Node",
    "build",
    "check",
    "label_of",
    "operations",
    "outline",
    "text",
]
