"""The snippets of the documentation, as things that can be run: `python -m tests.snippets` fills in what they print.

A `yaml` block whose first line is a comment with a file's name is written to that file. A `console` block is run, line
by line, in one folder per page; what stands below a command is what it prints, with `...` for lines left out. Times,
names of runs, digests and durations may differ.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

from .probed import full_cache, full_queue, shop_certificate, shop_metrics, shop_zone, worker
from .realparts import free_port
from .realparts.postgresql import PASSWORD, SUPERUSER, postgres
from .serving import intakes
from .teamserver import team_server

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"yaml", "console", "text", "python", "toml", "sh"}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8420"
"""The port of the server, as pages say it."""
FILE = re.compile(r"^# ([\w./-]+)$")
LOOSE = (
    (r"\d{4}-\d\d-\d\d", r"\\d{4}-\\d\\d-\\d\\d"),
    (r"\d\d:\d\d:\d\d", r"\\d\\d:\\d\\d:\\d\\d"),
    (r"\d\d:\d\d\\ UTC", r"\\d\\d:\\d\\d UTC"),
    (r"rgq[0-9a-z]{9}", r"r[0-9a-z]{11}"),
    (r"\b[0-9a-f]{12}\b", r"[0-9a-f]{12}"),
    (r"\b\d+(?:\\\.\d+)?\\ (?:µs|ms|s)\b", r"[\\d.]+ (?:µs|ms|s|min)"),
    (r"engine@[\w-]+/\d+", r"engine@[^ ]+/\\d+"),
    (r"127\\\.0\\\.0\\\.1:\d+", r"127\\.0\\.0\\.1:\\d+"),
    (r"\b(?:by|as)\\ root\b", r"(?:by|as) [^ )]+"),
    (r"\*\*root\*\*", r".*"),
    (r"confined\\ by\\ Landlock", r"confined by (?:Landlock|bubblewrap)"),
)


class Block(NamedTuple):
    """One fenced block: where its body lies in the page, and what it is."""

    start: int
    end: int
    language: str
    body: str


class Ran(NamedTuple):
    """A command of a page, with what it should print and what it printed."""

    command: str
    expected: str
    actual: str
    code: int


def pages() -> list[Path]:
    """Every page that people write; those that are drawn are left out."""
    drawn = {path.name for path in (ROOT / "docs" / "reference").glob("*.md")}
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if not (path.parent.name == "reference" and path.name in drawn)]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(m.start(2), m.end(2), m[1], m[2]) for m in BLOCK.finditer(page.read_text("utf-8"))]


def commands(body: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it should print."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def environment(folder: Path) -> dict[str, str]:
    """What a reader's shell has: this `steady`, a home of its own, no terminal."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    store = str(folder / ".store" / "journal.db")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STEADY_", "XDG_"))}
    return {
        **kept,
        "PATH": path,
        "HOME": str(folder),
        "STEADY_STORE": store,
        "COLUMNS": "100",
        "EXAMPLES": str(ROOT / "examples"),
    }


@contextmanager
def orders_database() -> Iterator[Mapping[str, str]]:
    """A database with sessions that nobody uses any more, and how to reach it."""
    with postgres() as server:
        server.psql(
            "create table session (id serial primary key, app text, seen timestamptz);"
            "insert into session (app, seen) select 'orders', now() - interval '3 days' from generate_series(1, 7);"
            "insert into session (app, seen) select 'orders', now() from generate_series(1, 20)"
        )
        yield {"ORDERS_DB_PORT": str(server.port), "ORDERS_DB_PASSWORD": PASSWORD}


@contextmanager
def own_port() -> Iterator[Mapping[str, str]]:
    """A port for the server that a page starts: whatever it says of 8420 is done with this one."""
    yield {"PORT": str(free_port())}


@contextmanager
def store_database() -> Iterator[Mapping[str, str]]:
    """A server for a store, its administrator, and a file with everybody's passwords."""
    with postgres("autovacuum=off") as server, tempfile.NamedTemporaryFile("w", prefix="pgpass-") as passwords:
        for user, password in (
            (SUPERUSER, PASSWORD),
            ("steady_owner", "owner-secret"),
            ("steady_worker", "worker-secret"),
        ):
            passwords.write(f"*:*:*:{user}:{password}\n")
        passwords.flush()
        given = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": SUPERUSER, "PGPASSFILE": passwords.name}
        yield {**given, "DB": f"127.0.0.1:{server.port}"}


SERVERS: Mapping[str, Callable[[], AbstractContextManager[Mapping[str, str]]]] = {
    "sql.md": orders_database,
    "api.md": team_server,
    "postgresql.md": store_database,
    "dns.md": shop_zone,
    "redis.md": full_cache,
    "process.md": worker,
    "tls.md": shop_certificate,
    "prometheus.md": shop_metrics,
    "amqp.md": full_queue,
    "alerts-in.md": intakes,
    "operate.md": own_port,
}
"""The pages whose commands need a server: what starts it, and gives the variables that lead to it."""


def run(page: Path, folder: Path) -> Iterator[tuple[Block, list[Ran]]]:
    """Do in a folder what a page says; each console block with what came of it."""
    with _served(page) as more:
        try:
            yield from _run(page, folder, {**environment(folder), **more})
        finally:
            _end(folder / "serve.pid")


def _end(pid: Path) -> None:
    """End a server that the page has left running."""
    if pid.exists():
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGTERM)


def _served(page: Path) -> AbstractContextManager[Mapping[str, str]]:
    return SERVERS[page.name]() if page.name in SERVERS else nullcontext({})


def _run(page: Path, folder: Path, env: Mapping[str, str]) -> Iterator[tuple[Block, list[Ran]]]:
    for block in blocks(page):
        first = FILE.match(block.body.split("\n", 1)[0])
        if block.language in {"yaml", "toml", "python"} and first:
            path = folder / first[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body.replace(PORT, env.get("PORT", PORT)), "utf-8")
        if block.language == "console":
            ran = []
            for command, expected in commands(block.body):
                done = subprocess.run(
                    ["/bin/sh", "-c", command.replace(PORT, env.get("PORT", PORT))], cwd=folder, env=env, stdin=subprocess.DEVNULL, timeout=60,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                )  # fmt: skip
                said = done.stdout.replace(env.get("PORT", PORT), PORT)
                ran.append(Ran(command, expected, said, done.returncode))
            yield block, ran


def same(expected: str, actual: str) -> bool:
    """Whether a command printed what the page says, going by what may not differ."""
    lines = [".*(?:\n.*)*?" if line == "..." else loosened(line) for line in expected.rstrip("\n").split("\n")]
    return re.fullmatch("\n".join(lines), actual.rstrip("\n")) is not None


def loosened(line: str) -> str:
    """A line as a pattern."""
    pattern = re.escape(line.rstrip()).replace("…", ".*")
    for what, by in LOOSE:
        pattern = re.sub(
            what.replace(r"\d{4}-\d\d-\d\d", r"\d{4}\\-\d\d\\-\d\d") if "4}" in what else what, by, pattern
        )
    return pattern + " *"


def main() -> None:
    """Write into the pages what their commands print, where that is something else."""
    for page in pages():
        with tempfile.TemporaryDirectory() as name:
            text = page.read_text("utf-8")
            for block, ran in reversed(list(run(page, Path(name)))):
                # the last line must end, or the fence would be a part of it
                body = "".join(f"$ {r.command}\n{r.expected if same(r.expected, r.actual) else r.actual}" for r in ran)
                text = text[: block.start] + body.rstrip("\n") + "\n" + text[block.end :]
            page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
