"""The step graph: what may follow what, what can be proved of it, and how it is drawn. Pure."""

from .build import Edge, Graph, Node, build, label_of, operations
from .checks import check
from .findings import CODES, Around

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
]
