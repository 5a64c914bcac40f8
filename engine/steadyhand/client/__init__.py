"""A client of the API, for programs: `Client(url, token)`. It speaks the structs of `steadyhand.model.wire`.

from steadyhand.client import Client

with Client("https://steady.example", token) as steady:
    run = steady.start_run("disk-full", {"path": "/var"}, key="ticket-4711")
    print(steady.wait(run.id).conclusion)
"""

from .calls import Client
from .problems import ApiProblem, Lost

__all__ = ["ApiProblem", "Client", "Lost"]
