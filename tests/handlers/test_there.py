"""Programs are asked for facts over a real SSH server."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused
from steadyhand.handlers import _there
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Secret, Text

from ..realparts.sshd import sshd
from .machines import target


def test_a_program_there(tmp_path):
    with sshd(tmp_path / "sshd") as server:
        request = _there.place(target(server))
        assert _there.ran(["printf", "%s", "a b"], request, BenchHands())[:2] == (0, "a b")
        assert _there.ran(["false"], request, BenchHands(), ends=(0, 1))[0] == 1
        with pytest.raises(Refused, match=r"df on .* says: .*No such file") as caught:
            _there.ran(["df", "/no/such"], request, BenchHands())
        assert caught.value.hint == "try it there by hand: df /no/such"
        assert _there.login(request, BenchHands())[0].holds
    assert _there.login(request, BenchHands(timeout=5))[0].holds is False


def test_here_is_no_place():
    assert _there.place(None) == {}
    assert _there.named(None, {}) == ((), [])
    with pytest.raises(BadInput, match="a secret cannot stand in `path`"):
        _there.unsecret(Text((Secret("s"),)), "path")
