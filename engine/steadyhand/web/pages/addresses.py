"""Where each page lies. Called by the list of all routes."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from . import acting, audit, burning, leases, library, lists, live, papers, run, starting


def routes() -> list[BaseRoute]:
    """The routes of the pages."""
    return [
        Route("/", burning.page),
        Route("/live", live.live),
        Route("/runs", lists.runs),
        Route("/runs/{run}", run.page),
        Route("/runs/{run}/answer", acting.answer, methods=["POST"]),
        Route("/runs/{run}/note", acting.note, methods=["POST"]),
        Route("/runs/{run}/stop", acting.stop, methods=["POST"]),
        Route("/runs/{run}/take", acting.take, methods=["POST"]),
        Route("/runs/{run}/transcript", papers.transcript),
        Route("/runs/{run}/transcript.md", papers.text),
        Route("/runs/{run}/transcript.json", papers.document),
        Route("/runs/{run}/artifacts/{sha256}", papers.artifact),
        Route("/runbooks", library.library),
        Route("/runbooks/{name}", library.runbook),
        Route("/r/{name}", starting.form, methods=["GET"]),
        Route("/r/{name}", starting.start, methods=["POST"]),
        Route("/alerts", lists.alerts),
        Route("/alerts/{stream:path}", lists.alert),
        Route("/leases", leases.page),
        Route("/leases/take", leases.take, methods=["POST"]),
        Route("/leases/return", leases.give_back, methods=["POST"]),
        Route("/audit", audit.page),
        Route("/audit/verify", audit.verify, methods=["POST"]),
    ]
