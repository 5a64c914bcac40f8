"""Documents to values: runbooks and settings, or every finding about them; and the schemas that editors read."""

from .codes import CODES, UNKNOWN_KIND
from .inputs import inputs_of
from .load import Loaded, read
from .settings import Settings, read_settings
from .values import from_text, problems

__all__ = ["CODES", "UNKNOWN_KIND", "Loaded", "Settings", "from_text", "inputs_of", "problems", "read", "read_settings"]
