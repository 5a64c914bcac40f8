"""Is the server alive, is it ready, and its figures: for probes and for Prometheus. No use case, and no sign-in.

`/healthz` says that the loop answers, `/readyz` whether work can be done; they tell nothing else. `/metrics` is for the
networks of the settings, and for whoever may look at everything (with a token).
"""

from __future__ import annotations

import ipaddress

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ..model.people import Role
from .requests import Denied, identity, server

TEXT = "text/plain; version=0.0.4; charset=utf-8"
FRESH = {"Cache-Control": "no-store"}
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


async def alive(request: Request) -> Response:
    """The loop answers."""
    del request
    return PlainTextResponse("ok\n", headers=FRESH)


async def ready(request: Request) -> Response:
    """Work can be done; or 503, with the reasons."""
    reasons = await to_thread.run_sync(server(request).readiness.reasons, limiter=request.app.state.probing)
    if reasons:
        return PlainTextResponse("".join(f"{reason}\n" for reason in reasons), 503, {**FRESH, "Retry-After": "5"})
    return PlainTextResponse("ok\n", headers=FRESH)


async def figures(request: Request) -> Response:
    """The metrics, in the text format of Prometheus."""
    if not is_listed(request):
        who = identity(request)
        hint = "send a token (`Authorization: Bearer ...`), or list this address in `server.metrics.from`"
        if who is None:
            raise Denied("figures are not for everybody", hint, unknown=True)
        if not who.may(Role.VIEWER, ()):
            raise Denied(f"{who.person} may not read the figures", hint)
    text = await to_thread.run_sync(server(request).metrics.text, limiter=request.app.state.probing)
    return Response(text, headers=FRESH, media_type=TEXT)


def is_listed(request: Request) -> bool:
    """Whether the request comes from a listed network. One that a proxy sends on for somebody else does not, unless
    the proxy is known: then the address is that of the other one.
    """
    serving = server(request).settings.server
    if request.client is None or (not serving.proxies and any(name in request.headers for name in FORWARDED)):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network) for network in serving.metrics_from)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/healthz", alive, methods=["GET"], name="alive"),
    Route("/readyz", ready, methods=["GET"], name="ready"),
    Route("/metrics", figures, methods=["GET"], name="figures"),
)
