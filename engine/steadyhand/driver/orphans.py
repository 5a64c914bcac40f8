"""What an engine before this one left running: found at a resume, and ended where nobody is in doubt.

Used by the driver. A read that nobody listens to is ended at once; a change is left alone until a person has spoken.
"""

from __future__ import annotations

from .. import events as e
from ..core import State
from . import children


class Orphans:
    """The processes of interrupted attempts of one run, by the path of their step."""

    def __init__(self) -> None:
        self._found: dict[str, list[children.Orphan]] = {}

    def find(self, stream: str) -> list[e.Event]:
        """Look for them on this machine; what is to be said of each."""
        said: list[e.Event] = []
        for orphan in children.find(stream):
            self._found.setdefault(orphan.step, []).append(orphan)
            said.append(e.ChildFound(orphan.step, orphan.attempt, orphan.pid, orphan.pgid, orphan.command))
        return said

    def alive(self, path: str) -> tuple[int, ...]:
        """The processes of a path that still run."""
        return tuple(o.pid for o in self._found.get(path, ()) if children.alive(o.pid, o.started))

    def end_reads(self, state: State) -> tuple[e.Event, ...]:
        """End those that only read."""
        stopped: list[e.Event] = []
        for path in list(self._found):
            leaf = state.leaves.get(path)
            if leaf is not None and leaf.effect == "read":
                stopped.extend(self.end(path))
        return tuple(stopped)

    def end(self, path: str) -> tuple[e.Event, ...]:
        """End those of a path; what is to be said of it."""
        ended: list[e.Event] = []
        for orphan in self._found.pop(path, []):
            if children.alive(orphan.pid, orphan.started):
                how = children.end_group(orphan.pgid, orphan.pid, orphan.started)
                if how:
                    ended.append(e.ChildStopped(path, orphan.attempt, orphan.pid, how))
        return tuple(ended)
