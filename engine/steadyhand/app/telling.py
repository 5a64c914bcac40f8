"""Messages of the server itself, through the channels of the settings: a letter to one person, a message in Slack.

Called by `asks` and `replies`. The ways out are those of the step kind `notify`: the same limits, the same care for
what is text; the secrets of a channel are revealed for one delivery, and taken out of what is said about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.parameters import rendered
from ..driver.looking import LookingHands
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore
from ..errors import BadInput, HandlerError
from ..expressions import SecretRef
from ..handlers import _channels, _chat, _deliver, _services
from ..handlers._aside import Aside
from ..handlers._chat import Button
from ..handlers._notice import Notice
from ..handlers.connections import Connections
from ..model import Literal, Text, plain
from .services import Services

__all__ = ["Button", "Notice", "Posted", "Teller"]

PATIENCE = 15.0
"""Seconds that one delivery may take."""
SLACK_HOOKS = "https://hooks.slack.com/"
"""Where Slack itself wants what replaces a message."""

Posted = tuple[str, str]
"""Where a message stands in Slack: the id of its channel, and its time, which is its name there."""


class Teller:
    """Delivers for the server. Each method raises a HandlerError for what was not delivered; none holds a secret."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mail(self, channel: str, to: str, notice: Notice) -> None:
        """A letter to one person, whoever else the channel is for."""
        from ..handlers import _mail  # noqa: PLC0415 only for mail

        params = self._params(channel, "email")
        hands = self._hands()
        with _Masked(hands):
            _mail.send({**params, "to": [plain(to)]}, notice, hands)

    def post(self, channel: str, notice: Notice, buttons: Sequence[Button]) -> Posted:
        """A new message in Slack; where it stands."""
        params = self._params(channel, "slack")
        body = _chat.slack(notice, _channels.word(params, "mention"), buttons)
        body = {"channel": params["channel"], **body, "unfurl_links": False, "unfurl_media": False}
        came = self._ask(params, notice, "/chat.postMessage", body)
        return str(came.get("channel", "")), str(came.get("ts", ""))

    def update(self, channel: str, posted: Posted, notice: Notice, buttons: Sequence[Button]) -> None:
        """Another text in place of a message."""
        params = self._params(channel, "slack")
        body = {"channel": posted[0], "ts": posted[1], **_chat.slack(notice, "", buttons)}
        self._ask(params, notice, "/chat.update", body)

    def whisper(self, channel: str, where: str, user: str, text: str) -> None:
        """A message that one person alone sees."""
        params = self._params(channel, "slack")
        shown = _chat.slack(Notice(message=text))
        self._ask(params, Notice(message=text), "/chat.postEphemeral", {"channel": where, "user": user, **shown})

    def respond(self, channel: str, url: str, notice: Notice, buttons: Sequence[Button]) -> None:
        """Replace the message whose button was pressed, at the address that Slack gave for it."""
        params = self._params(channel, "slack")
        base = _channels.word(params, "url", _channels.SLACK)
        root = "/".join(base.split("/")[:3]) + "/"
        if not url.startswith((SLACK_HOOKS, root)):
            raise BadInput("the address to answer to is none of Slack's")
        body = {"replace_original": True, **_chat.slack(notice, "", buttons)}
        hands = self._hands()
        with _Masked(hands):
            _deliver.ask(_services.Request("POST", plain(url), json=body), params, notice, hands)

    def _ask(self, params: Mapping[str, Any], notice: Notice, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        token = {"Authorization": Text((Literal("Bearer "), *_text(params["token"]).parts))}
        request = _services.Request("POST", _services.under(params, _channels.SLACK, path), token, body)
        hands = self._hands()
        with _Masked(hands):
            answer = _deliver.ask(request, params, notice, hands)
            _services.receipt("slack", notice, answer)
        return answer.json if isinstance(answer.json, Mapping) else {}

    def _params(self, channel: str, kind: str) -> dict[str, Any]:
        """What a channel of the settings is given, with its secrets by name."""
        settings = self._services.settings
        declared = settings.channels.get(channel)
        if declared is None or declared.kind != kind:
            raise BadInput(f"there is no channel {channel} of kind {kind}", "look at `channels:` in steady.yaml")
        family = next(family for family in _channels.FAMILIES if family.name == kind)
        known = {"secrets": {name: SecretRef(name) for name in settings.secrets}, "contacts": dict(settings.contacts)}
        found = rendered(family.params, declared.params, known, False, family.open_params)
        _channels.check(kind, found)
        return found

    def _hands(self) -> Aside:
        services = self._services
        store = SecretStore(services.settings.secrets, Redactor(), services.cwd, services.environ)
        return Aside(LookingHands(store, Connections(), services.environ, services.cwd, PATIENCE), PATIENCE)


class _Masked:
    """What goes wrong in here is told without the secrets that were revealed for it."""

    def __init__(self, hands: Aside) -> None:
        self._hands = hands

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        """Mask, and let it go on."""
        if isinstance(problem, HandlerError):
            problem.message = self._hands.masked(problem.message)
            problem.hint = self._hands.masked(problem.hint)


def _text(value: Any) -> Text:
    return value if isinstance(value, Text) else plain(str(value))
