"""`steady serve`."""

from __future__ import annotations

import logging
import sys

import click

from ...app.services import Services
from ...errors import UsageError
from ..streams import say


@click.command("serve")
@click.pass_context
def command(ctx: click.Context) -> int:
    """Serve: alerts in, web pages, the API; runs are driven here.

    Ends on SIGTERM or Ctrl-C: what runs may go on for a while, then the runs are handed over to the next server.
    """
    try:
        from ...app.server import Server  # noqa: PLC0415 only here
        from ...web.app import create_app  # noqa: PLC0415 only here
        from ...web.routes import routes  # noqa: PLC0415 only here
        from ...web.serve import listening, serve  # noqa: PLC0415 only here
        from ...web.sessions import identify  # noqa: PLC0415 only here
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("steadyhand"):
            raise
        hint = "install it: pip install 'steadyhand[server]'"
        raise UsageError(f"serving needs the package {missing.name}", hint) from missing
    given = ctx.find_root().obj or {}
    desk = Services(store=given.get("store", ""), config=given.get("config", ""), engine="server")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    sock = listening(desk.settings.server)
    host = Server(desk)

    serve(host, create_app(host, identify, routes()), sock, lambda: say(f"serving at {host.url}"))
    return 0
