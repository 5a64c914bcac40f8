"""Server-sent events, as the HTML standard has them, and a run that is followed through cuts."""

from __future__ import annotations

import pytest

from steadyhand.client import ApiProblem, Client
from steadyhand.client.following import Said, follow, messages

from ..web.api.served import api, gate, waiting


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["data: a", ""], [Said("message", "", "a")]),
        (["data: a", "data: b", ""], [Said("message", "", "a\nb")]),
        (["id: 7", "data:x", "", "data: y", ""], [Said("message", "7", "x"), Said("message", "7", "y")]),
        (["event: end", "data: {}", "", "data: n", ""], [Said("end", "", "{}"), Said("message", "", "n")]),
        ([": here", "", "retry: 5", "", "event: lonely", ""], []),
        (["data: cut off"], []),
        (["data", ""], [Said("message", "", "")]),
    ],
)
def test_messages(lines, said):
    assert list(messages(iter(lines))) == said


def test_a_run_is_followed_to_its_end_through_every_cut(tmp_path):
    """A wire that is cut after each message: nothing is missing, nothing comes twice."""
    with api(tmp_path) as (http, _), Client(address(http), "test-admin") as client:
        run = waiting(http)
        cuts = Cut(client, 1)
        found = follow(cuts, f"/runs/{run}/events")
        came = [next(found) for _ in range(3)]
        http.post(f"runs/{run}/gates/change", json={"answer": "approve", "digest": gate(http, run)["digest"]})
        came += list(found)
        assert [one.seq for one in came] == list(range(1, len(came) + 1))
        assert came[-1].type == "run.concluded"
        assert cuts.opened >= len(came)
        assert [one.seq for one in client.events(run, came[-3].seq)] == [came[-2].seq, came[-1].seq]


def test_a_run_that_is_not_there(tmp_path):
    with api(tmp_path) as (http, _), Client(address(http), "test-admin") as client:
        with pytest.raises(ApiProblem, match="there is no run r9") as told:
            next(client.events("r9"))
        assert told.value.kind == "not-found"


def address(http):
    return str(http.base_url).removesuffix("/api/v1/")


class Cut:
    """A wire that is cut after so many messages."""

    def __init__(self, client, after):
        self._client = client
        self._after = after
        self.opened = 0

    def stream(self, *words):
        self.opened += 1
        return _CutStream(self._client.stream(*words), self._after)


class _CutStream:
    def __init__(self, held, after):
        self._held = held
        self._after = after

    def __enter__(self):
        response = self._held.__enter__()
        lines = response.iter_lines
        after = self._after

        def some():
            left = after
            for line in lines():
                yield line
                left -= line.startswith("data:")
                if left < 0:
                    return

        response.iter_lines = some
        return response

    def __exit__(self, *problem):
        return self._held.__exit__(*problem)
