"""Small random runbooks of every kind of step, and all their runs, walked one by one: what the proofs are held against.

Nothing of the graph room is used here. A run is walked as the engine would: where control stands, which facts are set,
which steps have given results, which changes nothing has proved since, whether somebody has said yes. Every outcome
that a step can have is taken; since there are finitely many situations, all of them are met.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from steadyhand import model as m

from .documents import HEAD, SPECS

NAMES = ["a", "b", "c", "d"]
FACTS = ["f", "g"]
SOME = st.sampled_from
ENDS = ["end.healthy", "end.resolved", "end.escalated"]
WORST = ["error", "fail", "rejected", "expired"]
CALLED = {"healthy": "pass", "resolved": "pass", "escalated": "fail", "stopped": "fail", "broken": "error"}


class Run(NamedTuple):
    """One situation: facts and results that are there, changes not proved since, whether a yes was said, who has changed something."""

    facts: frozenset = frozenset()
    results: frozenset = frozenset()
    unproved: frozenset = frozenset()
    yes: bool = False
    acted: frozenset = frozenset()


# --- drawing


def edges(draw, outcomes, targets):
    return "next: {" + ", ".join(f"{o}: {draw(targets)}" for o in outcomes) + "}"


def uses(draw, names):
    """A text that uses a fact or a result, or nothing."""
    options = (
        ["x"] * 3 + [f"echo {{{{ facts.{f} }}}}" for f in FACTS] + [f"echo {{{{ steps.{n}.stdout }}}}" for n in names]
    )
    return draw(SOME(options))


def facts(draw):
    return draw(SOME(["", "", *(f", facts: {{{f}: '{{{{ stdout }}}}'}}" for f in FACTS)]))


def sure(draw, names):
    """A gate, from which a person may perhaps send the run back."""
    back = draw(st.lists(SOME(names), max_size=2, unique=True)) if names else []
    return f"{{prompt: Sure?, back: [{', '.join(back)}]}}" if back else "Sure?"


def doing(draw, names, beside=()):
    """A step that does something, without its edges. `beside` are the steps of its own graph."""
    gate = sure(draw, beside)
    kind = draw(SOME(["read", "read", "check", "bare", "gated", "proved"]))
    more = {
        "read": "effect: read", "check": "effect: read, purpose: verification", "bare": "effect: change, undo: {none: no}",
        "gated": f"effect: change, gate: {gate}, undo: {{none: no}}",
        "proved": f"effect: change, gate: {gate}, undo: {{none: no}}, verify: {{shell: y}}",
    }[kind]  # fmt: skip
    outcomes = ["pass", "fail", "error", *(["rejected"] if kind in {"gated", "proved", "bare"} else [])]
    return f"shell: '{uses(draw, names)}', {more}{facts(draw)}", outcomes


def branch(draw, name, names):
    body, _ = doing(draw, names)
    if draw(st.booleans()):
        return f"{name}: {{{body}}}"
    inner = [f"{name}1", f"{name}2"]
    steps = []
    for one in inner:
        body, outcomes = doing(draw, [], inner)
        targets = SOME([*inner, *ENDS])
        steps.append(f"{one}: {{max_visits: 2, {body}, {edges(draw, outcomes, targets)}}}")
    return f"{name}: {{steps: {{{', '.join(steps)}}}}}"


def step(draw, name, names, *, calls):
    targets = SOME([*names, *names, *ENDS])
    kinds = [
        "do",
        "do",
        "do",
        "gate",
        "choose",
        "ask",
        "set",
        "manual",
        "diagnose",
        "parallel",
        *(["call"] if calls else []),
    ]
    kind = draw(SOME(kinds))
    bound = draw(SOME(["", "max_visits: 2, "]))
    outcomes = ["pass", "fail", "error"]
    match kind:
        case "do":
            body, outcomes = doing(draw, names, names)
        case "gate":
            body, outcomes = f"gate: {sure(draw, names)}", ["approved", "rejected"]
        case "choose":
            body, outcomes = "choose: {prompt: Which?, options: {one: 1, two: 2}}", ["one", "two"]
        case "ask":
            body, outcomes = f"ask: {{prompt: What?, fact: {draw(SOME(FACTS))}}}", ["pass", "error"]
        case "set":
            fact = draw(SOME(FACTS))
            body, outcomes = f"set: {{{fact}: '{uses(draw, names)}'}}", ["pass", "error"]
        case "manual":
            body = draw(SOME(["manual: Do it", "manual: {instructions: Look, effect: read}"]))
        case "diagnose":
            fixes = [draw(SOME(["", *names])) for _ in range(2)]
            checks = [
                f"k{n}: {{cause: C{n}, shell: '{uses(draw, names)}'{facts(draw)}{f', fix: {fix}' if fix else ''}}}"
                for n, fix in enumerate(fixes)
            ]
            body = f"diagnose: {{{', '.join(checks)}}}"
            outcomes = ["pass", "error", *([] if all(fixes) else ["fail"])]
        case "parallel":
            gate = draw(SOME(["", f", gate: {sure(draw, names)}"]))
            body = f"parallel: {{{branch(draw, 'p', names)}, {branch(draw, 'q', names)}}}{gate}"
            outcomes += ["rejected"] if gate else []
        case _:
            body = "call: inner"
    return f"  {name}: {{title: T, {bound}{body}, {edges(draw, outcomes, targets)}}}\n"


@st.composite
def runbooks(draw):
    """A runbook of one to four steps, perhaps with another that it calls."""
    from steadyhand import schema

    def read(names, *, calls):
        text = HEAD + "steps:\n" + "".join(step(draw, name, names, calls=calls) for name in names)
        loaded = schema.read(text, "x.yaml", SPECS)
        assert loaded.runbook is not None, (text, loaded.diagnostics)
        return loaded.runbook

    inner = read(NAMES[: draw(st.integers(1, 2))], calls=False)
    outer = read(NAMES[: draw(st.integers(1, 4))], calls=True)
    return replace(outer, calls={"inner": inner})


# --- walking


def explore(runbook, steps, start, path="", log=None):
    """Every situation in which control comes to a step, and every one in which it comes to an end.

    `log` notes the situations by the paths of steps, those inside branches too.
    """
    first = next(iter(steps))
    seen = {(first, start)}
    todo = list(seen)
    ends = set()
    while todo:
        name, run = todo.pop()
        note(log, f"{path}{name}", run)
        if steps[name].max_visits:
            ends.add(("end.escalated", run))
        for outcome, to, after in leave(runbook, steps[name], run, f"{path}{name}", log):
            target = to or steps[name].next.get(outcome)
            if target is None:
                continue
            if target.startswith("end."):
                ends.add((target, after))
            elif (target, after) not in seen:
                seen.add((target, after))
                todo.append((target, after))
    return seen, ends


def note(log, path, run):
    if log is not None:
        log.setdefault(path, set()).add(run)


def leave(runbook, one, run, path, log=None):
    """Every way in which a step may be left: outcome, the step it names itself, the situation then."""
    for outcome, to, after in of_body(runbook, one, run, path, log):
        changing = isinstance(one.body, (m.Do, m.Manual)) and effect(one) is not m.Effect.READ
        if one.verification and outcome == "pass" and not changing:
            yield outcome, to, after._replace(unproved=after.unproved - run.unproved)
        else:
            yield outcome, to, after
    if one.gate is not None and not isinstance(one.body, m.Do):
        yield from unasked(one, run)


def unasked(one, run):
    """Nobody says yes: a no, or back to another step."""
    yield "rejected", "", run
    yield from ((outcome, "", run) for outcome in one.next if outcome.startswith("back:"))


def effect(one):
    return one.body.operation.effect if isinstance(one.body, m.Do) else one.body.effect


def settled(run, operation, path, outcome):
    """After an operation has come out so."""
    found = {f"steps.{path}"}
    facts = set()
    if outcome != "error":
        found.add(f"steps.{path}.*")
        facts = set(operation.facts)
    return run._replace(results=run.results | found, facts=run.facts | facts)


def of_body(runbook, one, run, path, log):
    name = path.replace("/", ".")
    match one.body:
        case m.Do(operation=operation):
            yield from of_action(one, operation, run, name)
        case m.Confirm():
            yield "approved", "", run._replace(yes=True)
            yield from unasked(one, run)
        case m.Choose(options=options):
            yield from ((option, "", run._replace(yes=True)) for option in options)
        case m.Ask(fact=fact):
            yield "pass", "", run._replace(facts=run.facts | {fact})
            yield "error", "", run
        case m.SetFacts(facts=facts):
            done = run._replace(results=run.results | {f"steps.{name}"})
            yield "error", "", done
            yield "pass", "", done._replace(facts=run.facts | set(facts), results=done.results | {f"steps.{name}.*"})
        case m.Manual():
            for outcome in ("pass", "fail", "error"):
                changing = effect(one) is not m.Effect.READ
                yield outcome, "", run._replace(unproved=run.unproved | {path}) if changing else run
        case m.Diagnose(checks=checks):
            yield from of_diagnosis(checks, run, name)
        case m.Parallel(branches=branches):
            yield from of_branches(runbook, branches, run, path, log)
        case m.Call():
            yield from of_call(runbook, run, path)


def of_action(one, operation, run, name):
    changing = operation.effect is not m.Effect.READ
    if changing:
        yield from unasked(one, run)
        run = run._replace(unproved=run.unproved | {name}, acted=run.acted | {name.partition(".")[0]})
    for outcome in ("pass", "fail", "error"):
        done = settled(run, operation, name, outcome)
        if one.verify is None or outcome != "pass":
            yield outcome, "", done
            continue
        for verified in ("pass", "fail", "error"):
            after = settled(done, one.verify.operation, f"{name}.verify", verified)
            yield verified, "", after._replace(unproved=frozenset()) if verified == "pass" else after


def of_diagnosis(checks, run, name):
    for outcomes in product(("pass", "fail", "error"), repeat=len(checks)):
        after = run
        for check, outcome in zip(checks, outcomes, strict=True):
            after = settled(after, check.operation, f"{name}.{check.id}", outcome)
        if "fail" in outcomes:
            yield "fail", checks[outcomes.index("fail")].fix, after
        else:
            yield "error" if "error" in outcomes else "pass", "", after


def of_branches(runbook, branches, run, path, log):
    """All branches start in the same situation, and what each makes of it is joined."""
    ways = []
    for branch in branches:
        at = f"{path}.{branch.id}"
        if branch.step is not None:
            note(log, at, run)
            found = {(o, after) for o, _, after in leave(runbook, branch.step, run, at, log)}
            ways.append({("pass" if o == "approved" else o, after) for o, after in found})
        else:
            _, ends = explore(runbook, branch.steps, run, f"{at}/", log)
            ways.append({(CALLED[end.removeprefix("end.")], after) for end, after in ends})
    for parts in product(*ways):
        afters = [after for _, after in parts]
        outcomes = {outcome for outcome, _ in parts}
        kept = frozenset.intersection(*(after.unproved for after in afters)) & run.unproved
        yield (
            next((w for w in WORST if w in outcomes), "pass"),
            "",
            run._replace(
                facts=frozenset.union(*(after.facts for after in afters)),
                results=frozenset.union(*(after.results for after in afters)),
                unproved=kept.union(*(after.unproved - run.unproved for after in afters)),
                acted=frozenset.union(*(after.acted for after in afters)),
            ),
        )


def of_call(runbook, run, path):
    """A called runbook has facts and results of its own; what it changes is changed."""
    inner = Run(unproved=run.unproved)
    _, ends = explore(runbook.calls["inner"], runbook.calls["inner"].steps, inner, f"{path}/")
    yield "error", "", run
    for end, after in ends:
        acted = {path} if after.acted else set()
        yield CALLED[end.removeprefix("end.")], "", run._replace(unproved=after.unproved, acted=run.acted | acted)
