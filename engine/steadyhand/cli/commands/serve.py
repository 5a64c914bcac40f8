"""`steady serve`."""

from __future__ import annotations

import logging
import signal

import click

from ...app.services import Services
from ...errors import UsageError
from ..streams import say

log = logging.getLogger(__name__)


@click.command("serve")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How the log is written.")
@click.pass_context
def command(ctx: click.Context, log_format: str) -> int:
    """Serve: alerts in, web pages, the API; runs are driven here.

    Ends on SIGTERM or Ctrl-C: what runs may go on for a while, then the runs are handed over to the next server. SIGHUP
    reads the settings anew. The log goes to standard error.
    """
    try:
        from ...app.logs import set_up, settings_redactor  # noqa: PLC0415 only here
        from ...app.reloading import on_hangup  # noqa: PLC0415 only here
        from ...app.server import Server  # noqa: PLC0415 only here
        from ...app.supervised import reloading, tell  # noqa: PLC0415 only here
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
    set_up(log_format, settings_redactor(desk))
    sock = listening(desk.settings.server)
    host = Server(desk)

    def ready() -> None:
        told = f"serving at {host.url}"
        log.info(told) if log_format == "json" else say(told)
        tell("READY=1", desk.environ)

    def ending() -> None:
        tell("STOPPING=1", desk.environ)

    signal.signal(signal.SIGHUP, on_hangup(host, lambda: reloading(desk.environ)))
    serve(host, create_app(host, identify, routes()), sock, ready, ending)
    return 0
