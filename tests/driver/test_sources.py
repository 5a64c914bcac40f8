"""What a source may need of its place. (What variables, files and commands give is tried through the store.)"""

from __future__ import annotations

import pytest

from steadyhand.driver import sources
from steadyhand.driver.sources import Found, Where
from steadyhand.errors import Refused
from steadyhand.model import SecretSource


def test_a_path_is_read_from_the_folder_or_from_home(tmp_path):
    where = Where(str(tmp_path), {"HOME": "/home/me"}, 1.0)
    assert where.path("a/b") == str(tmp_path / "a/b")
    assert where.path("~/b") == "/home/me/b"
    assert where.path("/b") == "/b"


def test_each_source_gives_and_is_looked_at(tmp_path):
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / "key").chmod(0o600)
    where = Where(str(tmp_path), {"KEY": "from-variable", "PATH": "/usr/bin:/bin"}, 5.0)
    variable, file = SecretSource("key", "env", "KEY"), SecretSource("key", "file", "key")
    command = SecretSource("key", "command", ["echo", "from-command"])
    assert sources.from_variable(variable, where) == Found(b"from-variable")
    assert sources.from_file(file, where) == Found(b"from-file")
    assert sources.from_command(command, where) == Found(b"from-command")
    assert sources.look_at_variable(variable, where) == sources.look_at_file(file, where) == ""
    assert sources.look_at_command(command, where) == ""
    with pytest.raises(Refused):
        sources.look_at_variable(SecretSource("key", "env", "OTHER"), where)
