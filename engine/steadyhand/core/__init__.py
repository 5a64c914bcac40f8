"""The heart: what is known (a fold over events) and what follows from it (the decider). Pure."""

from .decide import Survey, decide, survey
from .state import State, fold
from .tables import IllegalEvent

__all__ = ["IllegalEvent", "State", "Survey", "decide", "fold", "survey"]
