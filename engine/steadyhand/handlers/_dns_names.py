"""Names and servers of the DNS as people write them. Pure; called by `dns` for the plan and by `_dns` when a step runs.

What is no name is told before anybody is asked: a server would only say that it does not exist.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import BadInput
from ..model import Text, Value

LONGEST, LABEL = 253, 63
"""Characters of a name and of a part between two dots."""


def settled(text: Text) -> bool:
    """Whether all of a text is known before the step runs."""
    return not text.secrets and all(part.known for part in text.parts if isinstance(part, Value))


def checked(name: str, kind: str) -> str:
    """The name that is asked for, without its last dot. Raises BadInput for what is none."""
    address = _address(name)
    if address is not None:
        if kind != "PTR":
            raise BadInput(f"{name!r} is an address and no name", "write `type: PTR` to ask for the name of an address")
        return str(address.reverse_pointer)
    whole = name.removesuffix(".") if name != "." else ""
    labels = whole.split(".") if name != "." else []
    # Anything but what could end a name, hide in it or be read as an escape; the package settles what IDNA allows.
    odd = next((char for char in whole if char in "\\\"'()<>;@$:," or not char.isprintable() or char.isspace()), "")
    if odd:
        raise BadInput(f"{name[:80]!r} is no name: {odd!r} cannot stand in it", "write it as shop.example.com")
    if len(whole) > LONGEST or any(not 0 < len(label) <= LABEL for label in labels):
        what = "it is too long" if len(whole) > LONGEST else f"each part has 1 to {LABEL} characters"
        raise BadInput(f"{name[:80]!r} is no name: {what}", "write it as shop.example.com")
    return whole


def server_of(text: str) -> tuple[str, int]:
    """Address and port of a server. Raises BadInput."""
    found = re.fullmatch(r"(?:\[(?P<v6>[^\]]*)\]|(?P<v4>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?", text)
    host, port = (found["v6"] or found["v4"] or "", int(found["port"] or 53)) if found else (text, 53)
    if _address(host) is None or not 0 < port < 65_536:
        raise BadInput(f"`server` {text[:80]!r} is no IP address", "write 192.0.2.53, or 192.0.2.53:5353, or [::1]:53")
    return host, port


def _address(text: str) -> Any:
    import ipaddress  # noqa: PLC0415 not for `validate`

    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
