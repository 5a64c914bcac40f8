"""The calls of the client: one method for each operation of the API, and what is made of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote

from ..model.wire import (
    Alert,
    Alerts,
    Answered,
    AnswerGate,
    Audit,
    Event,
    Events,
    Files,
    Gates,
    Given,
    Health,
    Lease,
    Leases,
    Me,
    Moved,
    Needs,
    Note,
    Nothing,
    OpenGate,
    Reason,
    ReturnLease,
    RunbookDetail,
    RunbookRow,
    Runbooks,
    RunDetail,
    Runs,
    StartRun,
    Stopped,
    Summary,
    TakeLease,
    ToValidate,
    Version,
)
from .following import follow
from .wire import Wire

Mode = Literal["guided", "step", "auto", "diagnose", "dry-run"]
FORMS = {"md": "text/markdown", "html": "text/html", "json": "application/json"}


def _at(*parts: str) -> str:
    """An address from its parts, each percent-encoded."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


class Client(Wire):
    """A server of Steadyhand, spoken to as the person whose token it is.

    An act may carry a `key`: with the same key it is carried out once in a day, whatever happens in between. A call
    that gets no answer is tried again under a key of its own. Every call raises ApiProblem or Lost.
    """

    # --- runbooks

    def list_runbooks(self) -> Iterator[RunbookRow]:
        """The library, by name."""
        for page in self.pages("/runbooks", Runbooks, {"limit": 100}):
            yield from page.runbooks

    def get_runbook(self, runbook: str) -> RunbookDetail:
        """A runbook with its text, its inputs and all findings."""
        return self.get(f"/runbooks{_at(runbook)}", RunbookDetail)

    def validate_runbook(self, text: str) -> Files:
        """What is found about a text."""
        return self.post("/runbooks/validate", ToValidate(text), Files)

    def plan_runbook(self, runbook: str, inputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What a run would do: schemas/plan.schema.json."""
        found: dict[str, Any] = self.post(f"/runbooks{_at(runbook)}/plan", Given(dict(inputs or {})), dict)
        return found

    def preflight_runbook(self, runbook: str, inputs: Mapping[str, Any] | None = None) -> Needs:
        """Whether every step could be carried out right now."""
        return self.post(f"/runbooks{_at(runbook)}/preflight", Given(dict(inputs or {})), Needs)

    def draw_runbook(self, runbook: str) -> str:
        """The picture, as SVG."""
        return self.raw(f"/runbooks{_at(runbook)}/graph", "image/svg+xml").text

    # --- runs

    def list_runs(
        self, *, status: str = "", conclusion: str = "", mode: str = "", runbook: str = ""
    ) -> Iterator[Summary]:
        """Runs, newest first; pages are fetched as they are needed."""
        wanted = {"status": status, "conclusion": conclusion, "mode": mode, "runbook": runbook, "limit": 100}
        for page in self.pages("/runs", Runs, wanted):
            yield from page.runs

    def start_run(
        self,
        runbook: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        mode: Mode = "guided",
        probe: bool = False,
        key: str = "",
    ) -> Summary:
        """A new run; it is recorded when this returns."""
        return self.post("/runs", StartRun(runbook, dict(inputs or {}), mode, probe), Summary, key)

    def get_run(self, run: str) -> RunDetail:
        """A run with its path, its attempts and its open gates."""
        return self.get(f"/runs{_at(run)}", RunDetail)

    def get_events(self, run: str, after: int = 0, limit: int = 200) -> Events:
        """The events of a run that there are now, a page of them."""
        return self.get(f"/runs{_at(run)}/events", Events, {"after": after, "limit": limit})

    def events(self, run: str, after: int = 0) -> Iterator[Event]:
        """Every event after one, as it comes, until the run has concluded. It goes on where it was cut off."""
        return follow(self, f"/runs{_at(run)}/events", after)

    def wait(self, run: str) -> RunDetail:
        """The run, once it has concluded."""
        for _ in self.events(run):
            pass
        return self.get_run(run)

    def get_transcript(self, run: str, form: Literal["md", "html", "json"] = "md") -> str:
        """The transcript of a run."""
        return self.raw(f"/runs{_at(run)}/transcript", FORMS[form]).text

    def get_artifact(self, run: str, sha256: str) -> bytes:
        """The whole of what a step printed."""
        return self.raw(f"/runs{_at(run)}/artifacts{_at(sha256)}", "application/octet-stream").content

    def answer_gate(
        self,
        run: str,
        gate: OpenGate | str,
        answer: str,
        *,
        digest: str = "",
        value: Any = None,
        comment: str = "",
        key: str = "",
    ) -> Answered:
        """Answer a gate; what `list_gates` gives brings its digest along. A yes is a yes to that digest alone."""
        name, shown = (gate, "") if isinstance(gate, str) else (gate.id, gate.digest)
        body = AnswerGate(answer, digest or shown, value, comment)
        return self.post(f"/runs{_at(run)}/gates{_at(name)}", body, Answered, key)

    def note_in_run(self, run: str, text: str, *, key: str = "") -> Moved:
        """Write something down in a run."""
        return self.post(f"/runs{_at(run)}/notes", Note(text), Moved, key)

    def stop_run(self, run: str, reason: str = "", *, key: str = "") -> Moved:
        """Ask a run to stop; it is not waited for."""
        return self.post(f"/runs{_at(run)}/stop", Reason(reason), Moved, key)

    def take_over_run(self, run: str, *, key: str = "") -> Moved:
        """Let the server drive a run that was left in a terminal."""
        return self.post(f"/runs{_at(run)}/take-over", Nothing(), Moved, key)

    def wake_run(self, run: str, *, key: str = "") -> Moved:
        """Let the server look at a run now."""
        return self.post(f"/runs{_at(run)}/wake", Nothing(), Moved, key)

    def stop_all(self, reason: str = "", *, key: str = "") -> list[str]:
        """Ask every run to stop; which were told."""
        return self.post("/stop-all", Reason(reason), Stopped, key).runs

    def list_gates(self) -> list[OpenGate]:
        """All questions that stand open."""
        return self.get("/gates", Gates).gates

    # --- alerts, leases, the audit, the server

    def list_alerts(self, *, status: str = "") -> Iterator[Alert]:
        """Alerts, that of which something was heard last first."""
        for page in self.pages("/alerts", Alerts, {"status": status, "limit": 100}):
            yield from page.alerts

    def get_alert(self, intake: str, fingerprint: str) -> Alert:
        """One alert, and what came of it."""
        return self.get(f"/alerts{_at(intake, fingerprint)}", Alert)

    def list_leases(self) -> list[Lease]:
        """The leases that hold."""
        return self.get("/leases", Leases).leases

    def take_lease(self, target: str, reason: str, term: str = "1h", *, key: str = "") -> Lease:
        """Take a target."""
        return self.post("/leases", TakeLease(target, reason, term), Leases, key).leases[0]

    def return_lease(self, target: str, reason: str = "", *, key: str = "") -> list[Lease]:
        """Hand a target back; the leases that hold still."""
        return self.post("/leases/return", ReturnLease(target, reason), Leases, key).leases

    def verify_audit(self, run: str = "") -> Audit:
        """Whether the chains hold."""
        return self.get("/audit", Audit, {"run": run})

    def get_me(self) -> Me:
        """Who this client is."""
        return self.get("/me", Me)

    def get_version(self) -> Version:
        """What runs there."""
        return self.get("/version", Version)

    def get_health(self) -> Health:
        """Whether the server can do its work."""
        return self.get("/health", Health)
