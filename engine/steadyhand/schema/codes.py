"""Every code of a finding about a document, its title and what it would cost. See docs/reference/codes.md."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "SH001": ("not YAML", "The text cannot be read as YAML, so nothing after this place can be trusted."),
    "SH002": ("duplicate key", "One of two equal keys would silently win."),
    "SH003": ("alias", "An alias is undefined, stands inside itself, or makes the document grow without bound."),
    "SH004": ("tag", "YAML tags have no meaning in a runbook."),
    "SH005": ("not one document", "A file holds exactly one runbook, and it is a map."),
    "SH006": ("encoding", "The file is not UTF-8, holds a character that YAML forbids, or is too large."),
    "SH007": ("too deep", "The document is nested more deeply than any runbook needs."),
    "SH008": ("merge key", "Merge keys are not in YAML 1.2; what they would do differs between readers."),
    "SH101": ("unknown key", "A key that nothing reads is a wish that nobody hears."),
    "SH102": ("missing key", "The runbook cannot mean anything without it."),
    "SH103": ("wrong type", "The value is not of the kind that is read here."),
    "SH104": ("step kind", "A step has exactly one kind."),
    "SH105": ("format version", "The document is written in a format that this version does not read."),
    "SH201": ("bad value", "The value is not one of those allowed here."),
    "SH301": ("unknown step", "An edge leads to a step that does not exist: the run would end there."),
    "SH302": ("unknown conclusion", "A run can only end in one of the five conclusions."),
    "SH303": ("impossible outcome", "The step cannot have this outcome, so the edge would never be taken."),
    "SH304": ("unknown name", "The name is not declared, so rendering would fail in the middle of a run."),
    "SH305": ("unknown target", "No target of that name is declared here or could be told to belong here."),
    "SH306": ("missing edge", "The run would not know what to do after this outcome."),
    "SH307": ("unknown handler", "No handler carries out steps of this kind."),
    "SH309": ("unknown kind of place", "No handler acts on targets, or sends to channels, of this kind."),
    "SH401": ("unknown parameter", "The handler does not know the parameter."),
    "SH402": ("missing parameter", "The handler cannot work without it."),
    "SH403": ("wrong parameter", "The value is not of the kind that the handler reads."),
    "SH405": ("milder effect", "The step declares less than it certainly does."),
    "SH406": ("a read by its place", "Checks, verifications and captures may only read."),
    "SH407": ("retry of a change", "A change that is retried must be harmless to repeat, and say so."),
    "SH501": ("template", "The text cannot be rendered."),
    "SH502": ("expectation", "The expectation cannot be judged."),
    "SH503": ("raw", "The value reaches its place unquoted: whoever controls it controls the command."),
    "SH504": ("secret in plain sight", "What stands here is kept in the journal, or read by people."),
    "SH505": ("not a template", "The text is shown as it is written, so people would read the name and not the value."),
    "SH601": ("input schema", "The schema of an input cannot be used."),
    "SH602": ("default", "The default does not satisfy the input's own schema."),
    "SH701": ("an intake for anybody", "Whoever reaches the server could start runs."),
}

UNKNOWN_KIND = "SH307"
