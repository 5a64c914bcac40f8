"""What only the settings can tell: who has which role, what is declared, what may run unasked, what alerts there are.

Called by `checks` with the settings as plain data. Where there are no settings, nothing is held against it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import Severity
from ..model import Ask, Choose, Confirm, Do, Effect, Gate, Manual, Operation, Parallel, Runbook, Step
from .build import of_step
from .findings import Around, Findings, near
from .ways import Scope, way


def check(runbook: Runbook, scopes: Sequence[Scope], around: Around, found: Findings) -> None:
    """SG017, SG019, SG020 and SG021."""
    _alerts(runbook, around, found)
    for scope in scopes:
        for name, step in scope.steps.items():
            if name not in scope.reached:
                continue
            _unasked(scope, step, around, found)
            if around.roles:
                for gate in gates(step):
                    _asked(scope, step, gate, around, found)
            if around.settings and not isinstance(step.body, Parallel):
                for where, operation in of_step(step, f"{scope.prefix}{name}"):
                    _declared(runbook, step, where, operation.target, around, found)
                    _reached(step, where, operation, around, found)
                if step.each is not None:
                    _declared(runbook, step, f"{scope.prefix}{name}", step.each.target, around, found)


def gates(step: Step) -> Iterator[Gate]:
    """The questions that a step asks."""
    if step.gate is not None:
        yield step.gate
    if isinstance(step.body, (Confirm, Choose, Ask, Manual)):
        yield step.body.gate


def _alerts(runbook: Runbook, around: Around, found: Findings) -> None:
    first = next(iter(runbook.steps.values()))
    for alert in runbook.alerts if around.alerts is not None else ():
        known = around.alerts or frozenset()
        if alert not in known:
            hint = near(alert, known) or "write the rule, or take the name out of `alerts:`"
            found.say("SG019", first.span, f"no rule raises the alert `{alert}`, which should start the run", hint)


def _asked(scope: Scope, step: Step, gate: Gate, around: Around, found: Findings) -> None:
    """Whether there are enough people who may answer."""
    path = f"{scope.prefix}{step.id}"
    if not gate.roles:
        return
    unknown = [role for role in gate.roles if role not in around.roles]
    if unknown:
        message = f"`{path}` asks for the role `{unknown[0]}`, which the settings do not have, so anybody may answer"
        found.say("SG017", step.span, f"{message}: {way(scope, step.id)}", near(unknown[0], around.roles))
        return
    people = {person for role in gate.roles for person in around.roles[role]}
    if any(person.startswith("group:") for person in people):
        return  # nobody here can tell how many people a group of the identity provider has
    needed = gate.quorum + (1 if gate.other_than_requester and gate.quorum <= len(people) == 1 else 0)
    if len(people) < needed:
        listed = ", ".join(gate.roles)
        have = "nobody has" if not people else f"only {len(people)} of {needed} people have"
        message = f"`{path}` can never be answered, for {have} the role {listed}: {way(scope, step.id)}"
        found.say("SG017", step.span, message, "give the role to somebody under `roles:` in the settings")


def _declared(runbook: Runbook, step: Step, where: str, target: str, around: Around, found: Findings) -> None:
    if target and "{{" not in target and target not in runbook.targets and target not in around.targets:
        known = {*runbook.targets, *around.targets}
        hint = near(target, known) or "declare it under `targets:`, here or in the settings"
        found.say("SG020", step.span, f"`{where}` acts on the target `{target}`, which nobody declares", hint)


def _reached(step: Step, where: str, operation: Operation, around: Around, found: Findings) -> None:
    """The channel of a message."""
    spec = around.specs.get(operation.kind)
    if spec is None or not spec.channels or around.channels is None:
        return
    named = operation.params.get("to", ())
    for channel in [named] if isinstance(named, str) else named if isinstance(named, list) else ():
        if isinstance(channel, str) and "{{" not in channel and channel not in around.channels:
            hint = near(channel, around.channels) or "declare it under `channels:` in the settings"
            found.say("SG020", step.span, f"`{where}` tells the channel `{channel}`, which nobody declares", hint)


def _unasked(scope: Scope, step: Step, around: Around, found: Findings) -> None:
    """What mode `auto` does without asking, held against what the settings allow."""
    if step.gate is None or not step.gate.auto or not isinstance(step.body, Do):
        return
    effect = step.body.operation.effect
    if effect is Effect.READ or around.policy.get(effect.value, "asked") == "unasked":
        return
    what = "a change" if effect is Effect.CHANGE else "destructive"
    message = f"`{scope.prefix}{step.id}` is {what} and would run unasked in mode auto: {way(scope, step.id)}"
    hint = f"remove `auto: true`, or say `policy: {{auto: {{{effect.value}: unasked}}}}` in the settings"
    severity = Severity.ERROR if around.policy_said else Severity.WARNING
    found.say("SG021", step.span, message, hint, severity)
