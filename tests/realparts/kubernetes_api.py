"""A few lines of plain HTTP with which tests look at a Kubernetes API, and set up what a drill needs: not our client."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any


class Api:
    """A cluster, as one user."""

    def __init__(self, server: str, token: str, ca: Path | None = None) -> None:
        self.server = server
        self._token = token
        self._tls = ssl.create_default_context(cafile=str(ca)) if ca else None

    def __call__(self, method: str, path: str, body: Any = None, kind: str = "application/json", **query: Any) -> Any:
        """An answer as JSON. Raises urllib.error.HTTPError."""
        url = f"{self.server}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, context=self._tls, timeout=30) as answer:
            return json.loads(answer.read())

    def find(self, path: str, **query: Any) -> Any:
        """An object or list; None when it is not there."""
        try:
            return self("GET", path, **query)
        except urllib.error.HTTPError as problem:
            problem.close()
            if problem.code == 404:
                return None
            raise

    def attempt(self, method: str, path: str, body: Any = None, kind: str = "application/json", **query: Any) -> int:
        """The status code of an answer."""
        try:
            self(method, path, body, kind, **query)
        except urllib.error.HTTPError as problem:
            problem.close()
            return problem.code
        return 200
