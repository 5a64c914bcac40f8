"""What is said to a remote shell: command lines that any login shell passes on, scripts that say how far they came.

Pure. Called by _ssh. Whatever the login shell is, it sees one line of tame characters that starts /bin/sh; what
/bin/sh then runs is spelled out in octal where it is not tame. The script says its process id on standard error, takes
the values that must not stand on a command line from standard input, and says `go` right before the command itself
takes its place, so that it is known whether the command was begun.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from ..errors import BadInput
from ..expressions.quoting import shell_word
from ._texts import bytes_of

LONGEST = 120 * 1024
"""Bytes of a command line: the other side's kernel takes 128 KiB in one piece."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TAME = frozenset(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./:=,+@%^-"$&|;<>()[]{}*?~#`')

PID, PROMPT, GO, MISSING, FOLDER = "pid", "password", "go", "missing", "folder"
"""What a script says of itself, each after the run's own mark."""


class Sudo(Struct, frozen=True):
    """Run it as somebody else."""

    user: str = "root"
    asks: bool = False


class Command(Struct, frozen=True):
    """What is to be run: words; variables that it gets (values come over standard input); a folder to start in."""

    argv: tuple[str, ...]
    variables: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    cwd: str = ""
    sudo: Sudo | None = None
    looked_for: bool = False
    """Whether the program must be there; else a shell says what it misses."""


def line(script: str, mark: str = "steady") -> str:
    """A command line that runs a script, in any login shell. Raises BadInput when it is longer than a kernel takes."""
    data = bytes_of(script, "the command")
    if _TAME.issuperset(data):
        text = f"exec /bin/sh -c '{script}'"
    else:
        spelled = "".join(chr(b) if b in _TAME else f"\\0{b:03o}" for b in data)
        text = f"exec /bin/sh -c 'eval \"$(printf %b \"$1\")\"' {mark} '{spelled}'"
    if len(text) > LONGEST:
        message = f"the command is {len(text):,} bytes long, and a command line takes {LONGEST:,}"
        raise BadInput(message, "write it as `script:`, or hand the values over through `stdin:`")
    return text


def script(command: Command, mark: str) -> str:
    """The script that becomes the command."""
    inner = _inner(command, mark)
    if command.sudo is None:
        return f"{_says(mark, PID)}; {inner}"
    # Not -p '': asked with our mark, so that the password is sent when it is asked for and not one byte before.
    asks = f"-S -p {shell_word(f'{mark} {PROMPT} ')}" if command.sudo.asks else "-n"
    user = f"-u {shell_word(command.sudo.user)}"
    body = shell_word(f"{_says(mark, PID)}; {inner}")
    return f"{_says(mark, PID)}; exec sudo {asks} {user} -- /bin/sh -c {body}"


def fed(value: str, what: str) -> bytes:
    """A value as one line of standard input, as the script takes it."""
    if "\0" in value:
        raise BadInput(f"{what} holds a NUL byte, which no variable can carry", "hand it over through `stdin:`")
    data = bytes_of(value, what)
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\0{b:03o}" for b in data).encode("ascii") + b"\n"


def words(argv: Sequence[str]) -> str:
    """Words as a shell takes them. Raises BadInput for what no command line can carry."""
    if any("\0" in word for word in argv):
        raise BadInput("the command holds a NUL byte, which no command line can carry", "hand it over through `stdin:`")
    return " ".join(_word(word) for word in argv)


def _word(word: str) -> str:
    """One word of a POSIX shell, with no more quotes than it needs: what is tame needs no spelling out."""
    if re.fullmatch(r"[A-Za-z0-9_./:=,+@%-]+", word):
        return word
    return f'"{word}"' if re.fullmatch(r"[A-Za-z0-9_./:=,+@%^&|;<>()\[\]{}*?~# -]+", word) else shell_word(word)


def _says(mark: str, what: str) -> str:
    more = " $$" if what == PID else ""
    return f"echo {mark} {what}{more} >&2"


def _inner(command: Command, mark: str) -> str:
    lines = [f"export {name}={words([value])}" for name, value in command.environment.items()]
    for name in command.variables:
        if not NAME.match(name):
            raise BadInput(f"{name!r} is no name of a variable", "use letters, digits and _")
        # The x keeps line ends at the end of the value, which `$( )` would take away.
        lines.append(f'IFS= read -r {name}; {name}=$(printf "%bx" "${name}"); export {name}="${{{name}%x}}"')
    if command.cwd:
        lines.append(f"CDPATH= cd -- {words([command.cwd])} || {{ {_says(mark, FOLDER)}; exit 1; }}")
    if command.looked_for:
        program = words(command.argv[:1])
        lines.append(f"command -v {program} >/dev/null 2>&1 || {{ {_says(mark, MISSING)}; exit 127; }}")
    lines += [_says(mark, GO), f"exec {words(command.argv)}"]
    return "; ".join(lines)


def ladder(pids: Sequence[int]) -> str:
    """A script that ends the sessions led by these processes: INT, TERM, KILL, and says which of them did it.

    A session holds all that a command started and did not take care to cut off, also in groups of its own. Where there
    is no /proc, the group is what can be told to end.
    """
    leaders = " ".join(str(pid) for pid in pids)
    rungs = "INT:8 TERM:12 KILL:10"
    return f"""left() {{
  found=
  for stat in /proc/[0-9]*/stat; do
    read -r all <"$stat" || continue
    pid=${{all%% *}}
    set -- ${{all##*) }}
    [ "$1" = Z ] && continue
    for leader in {leaders}; do
      if [ "$4" = "$leader" ] || [ "$pid" = "$leader" ]; then found="$found $pid"; fi
    done
  done 2>/dev/null
  [ -e /proc/self/stat ] || for leader in {leaders}; do
    kill -0 -- "-$leader" 2>/dev/null && found="$found -$leader"
  done
  [ -n "$found" ]
}}
for rung in {rungs}; do
  left || {{ echo "ended ${{last:-itself}}"; exit 0; }}
  last=${{rung%:*}} turns=${{rung#*:}}
  kill -s "$last" -- $found 2>/dev/null
  kill -s CONT -- $found 2>/dev/null
  while [ "$turns" -gt 0 ] && left; do sleep 0.2 2>/dev/null || sleep 1; turns=$((turns - 1)); done
done
left && {{ echo "left$found"; exit 1; }}
echo "ended $last"
"""
