"""A server that tells its questions by mail and in (a fake of) Slack, with people who may and may not answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steadyhand.app.server import Server

from ..realparts.mail import Box, mail_server
from ..realparts.slack_fake import SIGNING, TOKEN, Slack, slack
from .server import asking

PEOPLE = """\
people:
  ana: {email: ana@shop.example, slack: U024BE7LH, roles: {approver: ['*']}}
  kim: {email: kim@shop.example, slack: U0KIM0000, roles: {approver: [orders]}}
  sam: {email: sam@shop.example, slack: U0SAM0000, roles: {viewer: ['*']}}
  lee: {slack: U0LEE0000, roles: {admin: [payments]}}
"""
SETTINGS = """\
store: journal.db
library: ['.']
server: {{grace: 1s, url: 'https://steady.example'}}
secrets: {{bot: {{file: {folder}/bot}}, signing: {{file: {folder}/signing}}}}
channels:
  mail: {{email: {{host: 127.0.0.1, port: {port}, tls: none, from: Steadyhand <steady@shop.example>, to: [all@shop.example]}}}}
  chat: {{slack: {{token: '{{{{ secrets.bot }}}}', channel: '#ops', url: '{slack}'}}}}
asks:
  - {{email: mail}}
  - {{slack: chat, signature: [signing]}}
"""


class Place:
    """Where people are told."""

    def __init__(self, folder: Path, box: Box, chat: Slack) -> None:
        self.folder, self.box, self.slack = folder, box, chat

    def letters(self) -> dict[str, str]:
        """The text of each letter, by whom it is for."""
        found = {}
        for _, to, message in self.box.taken:
            part = message.get_body(("plain",))
            assert part is not None
            found[to[0].partition("@")[0]] = part.get_content()
        return found

    def link(self, person: str) -> str:
        """The secret of the link in somebody's letter."""
        found = re.search(r"https://steady\.example/a/(\S+)", self.letters()[person])
        assert found, self.letters()[person]
        return found[1]


@contextmanager
def place(folder: Path, more: str = "", people: str = PEOPLE, asks: str = "") -> Iterator[Place]:
    """Settings, a runbook that asks, a mail server and Slack. `more` is added to the gate."""
    with mail_server() as (port, box), slack() as chat:
        (folder / "bot").write_text(TOKEN)
        (folder / "signing").write_text(SIGNING)
        settings = SETTINGS.format(folder=folder, port=port, slack=chat.url)
        if asks:
            settings = settings[: settings.index("asks:")] + asks
        (folder / "steady.yaml").write_text(settings + people)
        asking(folder, more=more)
        yield Place(folder, box, chat)


def questions(server: Server, run: str) -> list[str]:
    row = server.board.run(run)
    return [gate.gate for gate in row.gates] if row else []
