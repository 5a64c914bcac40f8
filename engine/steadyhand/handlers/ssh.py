"""`ssh`: run a command or a script on another machine, put a file there, or bring one here.

This is the half without hands: the specification, the plan, its preview. What a placeholder puts into `text` or
`script` is one quoted word already. A secret never stands on a command line there: it goes over standard input into a
variable, and the text names the variable. `_ssh` performs it, on the one connection that a run has to each machine.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, HandlerError
from ..model import (
    MASK,
    Capabilities,
    Effect,
    HandlerSpec,
    Literal,
    Need,
    Param,
    Plan,
    Result,
    Secret,
    Syntax,
    Target,
    Text,
    plain,
    secrets_in,
)
from ._ssh_target import FAMILY, connection, shown
from ._texts import in_shell, text_of, variable

if TYPE_CHECKING:
    from .protocol import Hands

FORMS = ("text", "argv", "script", "copy", "fetch")
FILES = frozenset({"copy", "fetch"})
SHELL, READS = "/bin/sh", "/bin/sh -s"
"""What reads `text`, and what reads `script`, unless said."""
POSIX = frozenset({"sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"})
"""Interpreters that read a quoted word as the engine writes it."""
SHOWN = 200
"""Characters of an input that a preview shows; of a script, ten times as many."""

_COPY = (
    Param("from", "text", "The file on this machine.", "./nginx.conf"),
    Param("content", "text", "What the file holds, instead of `from`.", "{{ facts.config }}"),
    Param("to", "text", "Its whole path there.", "/etc/nginx/nginx.conf", required=True),
    Param("mode", "text", "Its permissions; those it has there, else those it has here, unless said.", "0644"),
)
_FETCH = (
    Param("from", "text", "The file there.", "/var/log/syslog", required=True),
    Param("to", "text", "How the artifact is called; the file's own name unless said.", "app1-syslog"),
    Param("max_size", "size", "The largest file that is fetched; 10 MiB unless said.", "1MiB"),
)


def effect_of(params: Mapping[str, Any]) -> Effect:
    """A file that is fetched is left as it is. Of commands nobody knows."""
    return Effect.READ if "fetch" in params and not FILES - {"fetch"} & set(params) else Effect.CHANGE


spec = HandlerSpec(
    name="ssh",
    summary="Run a command on another machine, or copy a file there or from there.",
    short="text",
    one_of=(FORMS,),
    params=(
        Param(
            "text",
            "text",
            "The command, for a shell there. Every placeholder is one quoted word.",
            "systemctl is-active {{ inputs.unit }}",
            syntax=Syntax.SHELL,
        ),
        Param("argv", "list", "The program and its arguments; nothing to quote.", ["df", "-P", "{{ inputs.path }}"]),
        Param(
            "script",
            "text",
            "A script, read from standard input: nothing of it is left there. Placeholders are quoted words.",
            "set -e\nsystemctl restart {{ inputs.unit }}\nsystemctl is-active {{ inputs.unit }}",
            syntax=Syntax.SHELL,
        ),
        Param("copy", "map", "A file to put there, whole or not at all.", {"from": "a", "to": "/srv/a"}, fields=_COPY),
        Param("fetch", "map", "A file to bring here as an artifact.", {"from": "/etc/hosts"}, fields=_FETCH),
        Param("interpreter", "text", "What reads `script` (/bin/sh -s unless said) or `text` (/bin/sh).", "/bin/bash"),
        Param("env", "map", "Variables of its environment.", {"PGPASSWORD": "{{ secrets.db_password }}"}),
        Param("cwd", "text", "The folder to start in.", "/srv/app"),
        Param("stdin", "text", "What it reads from its standard input; nothing unless said.", "{{ facts.sql }}"),
        Param(
            "sudo",
            "any",
            "Run it as root (true), or as `user`, with `password` where sudo asks for one.",
            {"user": "postgres", "password": "{{ secrets.ops_password }}"},
        ),
    ),
    results={
        "exit_code": "the exit code; -9 when signal 9 ended it; 0 after a file was copied",
        "stdout": "what it printed, at most 1 MiB of it",
        "stderr": "what it printed as errors, at most 1 MiB of it",
        "signal": "the name of the signal that ended it (SIGKILL), or nothing",
        "duration": "microseconds from the start to the end, reaching the host included",
        "held_open": "whether something it had started still held its output open when it ended",
        "host": "the host, as the target names it",
        "path": "of a file: its path there",
        "size": "of a file: bytes",
        "sha256": "of a file: the digest of what it holds",
        "mode": "of a fetched file: its permissions, such as 0644",
        "content": "of a fetched file: its text, when it has no more than 1 MiB",
    },
    default_expect={"exit_code": 0},
    effect_of=effect_of,
    capabilities=Capabilities(cancel=True, stream=True, remote=True),
    targets=(FAMILY,),
    target_required=True,
    modules=("paramiko",),
    extra="ssh",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """What would be done, on which machine and how it is reached, with its secrets by name. Raises BadInput."""
    reached = connection(target)
    form = next(form for form in FORMS if form in params)
    if form in FILES:
        for name in ("interpreter", "env", "cwd", "stdin", "sudo"):
            if name in params:
                hint = "with other rights: copy it elsewhere, and install it in a step with `sudo: true`"
                raise BadInput(f"`{name}` has no meaning for `{form}`", hint if name == "sudo" else f"remove `{name}`")
        request, lines = _file(form, params[form])
    else:
        request, lines = _command(form, params)
    lines += [f"# {line}" for line in shown(reached)]
    assert target is not None  # noqa: S101 without one there is no connection
    whole = {**request, "form": form, "connection": reached}
    return Plan("ssh", "\n".join(lines), whole, targets=(f"{target.name}/{reached['host']}",))


def perform(plan: Plan, hands: Hands) -> Result:
    """Do it, once."""
    request, start = plan.request, time.monotonic()
    reached = request["connection"]
    if request["form"] in FILES:
        from . import _ssh_files  # noqa: PLC0415 not for `validate`

        done = getattr(_ssh_files, request["form"])(request["file"], reached, hands)
        values = {"exit_code": 0, "stdout": "", "stderr": "", "signal": "", "held_open": False, **done}
    else:
        values = _ran(request, hands)
    took = int((time.monotonic() - start) * 1_000_000)
    return Result({**values, "duration": took, "host": reached["host"]})


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the machine can be reached and is the one, whether it lets us in, and has the program."""
    from . import _ssh  # noqa: PLC0415 not for `validate`

    request = plan.request
    reached = request["connection"]
    needs = list(_file_needs(request, hands))
    try:
        there = _ssh.connected(reached, hands)
        needs.append(Need(f"login to {reached['host']} as {there.hop.user}", True))
        program = request.get("program", "")
        if program:
            asks = ("/bin/sh", "-c", 'command -v "$1"', "sh", program)
            holds = _ssh.run(asks, reached, hands).exit_code == 0
            missing = ("not on PATH there", f"install {program} on {reached['host']}")
            needs.append(Need(f"program {program} on {reached['host']}", holds, *(("", "") if holds else missing)))
    except HandlerError as problem:
        how = problem.hint or "look at the host"
        needs.append(Need(f"login to {reached['host']}", False, problem.message, how))
    return needs


# --- commands


def _command(form: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The request for a command, and the lines of its preview."""
    env = {name: text_of(value) for name, value in params.get("env", {}).items()}
    for name in env:
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            raise BadInput(f"{name!r} is no name of a variable", "use letters, digits and _")
    request: dict[str, Any] = {name: text_of(params[name]) for name in ("cwd", "stdin") if name in params}
    given = [text_of(word) for word in params["argv"]] if form == "argv" else text_of(params[form])
    if isinstance(given, list):
        request["argv"], lines = _words(given, params), [" ".join(_shown(word) for word in given)]
        request["looked_for"] = True
    else:
        reader = _interpreter(form, given, params)
        body = Text(tuple(map(in_shell, given.parts)))
        lines = [given.masked() if form == "text" else _cut(given.masked(), 10 * SHOWN)]
        if form == "text":
            request["argv"] = [*reader, plain("-c"), body]
        elif "stdin" in params:
            raise BadInput("`script` comes over standard input already", "remove `stdin`, or write `text`")
        else:
            request["argv"], request["stdin"] = reader, Text((*body.parts, Literal("\n")))
            request["looked_for"] = True
        env |= {variable(name): Text((Secret(name),)) for name in given.secrets}
    if "sudo" in params and params["sudo"] is not False:
        request["sudo"] = _sudo(params["sudo"])
    for name in ("cwd", "argv"):
        if secrets_in(request.get(name, ())):
            what = f"a secret cannot stand in `{name}`: every user of that machine would see it"
            raise BadInput(what, "hand it over through `env` or `stdin`")
    request |= {"env": env, "program": _program(form, given)}
    return request, [*lines, *_circumstances(params, request)]


def _words(given: Sequence[Text], params: Mapping[str, Any]) -> list[Text]:
    if "interpreter" in params:
        raise BadInput("`interpreter` reads `text` or `script`, and `argv` needs none", "remove `interpreter`")
    first = given[0].masked() if given else ""
    if not first or first.startswith("-"):
        raise BadInput("`argv` names no program", "give at least the program, as its first item")
    return list(given)


def _interpreter(form: str, given: Text, params: Mapping[str, Any]) -> list[Text]:
    """The words that start what reads the text. Values are quoted for shells: no other language may read them."""
    text = text_of(params.get("interpreter", SHELL if form == "text" else READS))
    try:
        words = [] if text.secrets else shlex.split(text.masked())
    except ValueError:
        words = []
    if not words or words[0].startswith("-"):
        raise BadInput(f"{text.masked()!r} is no interpreter", "write its path, as in interpreter: /bin/bash")
    foreign = words[0].rpartition("/")[2] not in POSIX
    if foreign and any(not isinstance(part, Literal) for part in given.parts):
        what = f"a placeholder cannot stand in what {words[0]} reads: it would be quoted for a shell"
        raise BadInput(what, "hand the value over through `env`, and read the variable there")
    return [plain(word) for word in words]


def _sudo(given: Any) -> dict[str, Text]:
    if given is True:
        return {"user": plain("root")}
    if not isinstance(given, Mapping) or set(given) - {"user", "password"}:
        raise BadInput(
            "`sudo` is true, or a map of `user` and `password`", "write sudo: true, or sudo: {user: postgres}"
        )
    found = {name: text_of(value) for name, value in given.items()}
    user = found.setdefault("user", plain("root"))
    if user.secrets or not re.fullmatch(r"[#\w][\w.@$-]*", user.masked()):
        raise BadInput(f"{user.masked()!r} is no user that sudo could run it as", "write sudo: {user: postgres}")
    return found


def _program(form: str, given: Any) -> str:
    """The program that a preflight can look for: the first word, when it is plain."""
    first = given[0] if form == "argv" else given if form == "text" else plain("")
    part = first.parts[0] if first.parts else Literal("")
    text = part.text if isinstance(part, Literal) else first.masked() if form == "argv" else ""
    found = (
        re.match(r"[\w./+-]+(?=\s|\Z)", text, re.ASCII)
        if form == "text"
        else re.fullmatch(r"[\w./+-]+", text, re.ASCII)
    )
    return found[0] if found and (form == "argv" or found.end() < len(text) or len(first.parts) == 1) else ""


def _circumstances(params: Mapping[str, Any], request: Mapping[str, Any]) -> Iterator[str]:
    """What else an approval should know, a line each."""
    for name, value in params.get("env", {}).items():
        yield f"# with {name}={_shown(text_of(value))}"
    if "cwd" in params:
        yield f"# in {_shown(text_of(params['cwd']))}"
    if "interpreter" in params:
        yield f"# by {text_of(params['interpreter']).masked()}"
    if "stdin" in params:
        yield f"# reading {_cut(text_of(params['stdin']).masked(), SHOWN, quoted=True)}"
    if "sudo" in request:
        asked = ", with a password" if "password" in request["sudo"] else ""
        yield f"# as {request['sudo']['user'].masked()} (sudo{asked})"


def _ran(request: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
    """Run a command to its end."""
    from . import _ssh  # noqa: PLC0415 not for `validate`

    env = {**request["env"], **{name: plain(value) for name, value in hands.environment.items()}}
    sudo = request.get("sudo")
    hidden = {name: hands.reveal(value) for name, value in env.items() if value.secrets}
    command = _ssh.Command(
        argv=tuple(hands.reveal(word) for word in request["argv"]),
        variables=tuple(hidden),
        environment={name: value.masked() for name, value in env.items() if not value.secrets},
        cwd=hands.reveal(request.get("cwd", "")),
        sudo=_ssh.Sudo(hands.reveal(sudo["user"]), "password" in sudo) if sudo else None,
        looked_for=request.get("looked_for", False),
    )
    password = hands.reveal(sudo["password"]) if sudo and "password" in sudo else None
    out, err = hands.sink("stdout"), hands.sink("stderr")
    ended = _ssh.perform(
        command,
        request["connection"],
        hands,
        out=out.write,
        err=err.write,
        stdin=_ssh.bytes_of(hands.reveal(request.get("stdin", "")), "`stdin`"),
        secret=_ssh.Secret(hidden, password),
    )
    return {
        "exit_code": ended.exit_code,
        "stdout": out.text(),
        "stderr": err.text(),
        "signal": ended.signal,
        "held_open": ended.held_open,
    }


# --- files


def _file(form: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The request for a file, and the lines of its preview."""
    file = {name: value if name == "max_size" else text_of(value) for name, value in given.items()}
    if form == "fetch":
        name = text_of(file.get("to", file["from"])).masked().rpartition("/")[2]
        if not name or name in {"stdout", "stderr", "progress", ".", ".."}:
            raise BadInput(f"an artifact cannot be called {name!r}", "name it: fetch: {from: ..., to: app1-log}")
        if given.get("max_size", 1) <= 0:
            raise BadInput("`max_size` must be above 0", "write max_size: 10MiB")
        file["to"] = plain(name) if "to" not in file and not file["from"].secrets else text_of(file.get("to", name))
        return {"file": file}, [f"fetch {_shown(file['from'])}"]
    if ("from" in file) == ("content" in file):
        raise BadInput("`copy` needs one of `from` and `content`", "write copy: {from: ./file, to: /srv/file}")
    mode = file.get("mode")
    if mode is not None and not re.fullmatch(r"[0-7]{3,4}", mode.masked()):
        raise BadInput(f"{mode.masked()!r} is no file mode", 'write it in octal, quoted: mode: "0644"')
    to = file["to"].masked()
    if to.endswith("/") or not to:
        raise BadInput("`copy.to` names a folder", "write the whole path of the file")
    source = _shown(file["from"]) if "from" in file else "the text below"
    lines = [f"copy {source} to {_shown(file['to'])}" + (f", mode {mode.masked()}" if mode else "")]
    if "content" in file:
        lines.append(_cut(file["content"].masked(), 10 * SHOWN))
    else:
        lines.append("# the file as it is when the step starts")
    return {"file": file}, lines


def _file_needs(request: Mapping[str, Any], hands: Hands) -> Iterator[Need]:
    source = request.get("file", {}).get("from") if request["form"] == "copy" else None
    if source is not None and not source.secrets:
        path = os.path.join(hands.cwd, source.masked())
        there = os.access(path, os.R_OK)
        yield Need(
            f"file {path}", there, *(("", "") if there else ("it cannot be read", "create it, or change `copy`"))
        )


# --- words


def _shown(word: Text) -> str:
    """A word as a person would type it, its secrets as dots."""
    if not word.secrets:
        return shlex.quote(word.masked())
    return "".join(MASK if isinstance(part, Secret) else part.text and shlex.quote(part.text) for part in word.parts)


def _cut(text: str, most: int, *, quoted: bool = False) -> str:
    head = text[:most]
    more = f" ... ({len(text):,} characters)" if len(text) > most else ""
    return f"{head!r}{more}" if quoted else head + more
