"""Documents to values: runbooks and settings, or every finding about them; and the schemas that editors read."""

from .changes import DAYS, Changes, Freeze
from .codes import CODES, UNKNOWN_KIND
from .inputs import foreseen, inputs_of
from .load import Loaded, read
from .people import Directory, Login, Oidc, Person, Rights, is_name
from .serving import Serving
from .settings import Settings, read_settings
from .targets import UNKNOWN_FAMILY, families
from .values import from_text, problems

__all__ = [
    "CODES",
    "DAYS",
    "UNKNOWN_FAMILY",
    "UNKNOWN_KIND",
    "Changes",
    "Directory",
    "Freeze",
    "Loaded",
    "Login",
    "Oidc",
    "Person",
    "Rights",
    "Serving",
    "Settings",
    "families",
    "foreseen",
    "from_text",
    "inputs_of",
    "is_name",
    "problems",
    "read",
    "read_settings",
]
