"""What happened at the door, a line each."""

from __future__ import annotations

from typing import get_args

import pytest

from steadyhand import events as e
from steadyhand.projections import door

AT = 1_800_000_000_000_000
LINES = {
    e.SignedIn("ana", "web", "10.0.0.1", "password", "s"): "ana signed in by a password  (web from 10.0.0.1)",
    e.SignedIn(
        "ana", "web", "", "oidc", "s", ("sre", "dev")
    ): "ana signed in by the identity provider, in sre, dev  (web)",
    e.SignInRefused(
        "", "web", "10.0.0.1", "password", "nobody has this name"
    ): "somebody unknown was refused: nobody has this name  (web from 10.0.0.1)",
    e.SignedOut("ana", "web", "", "ana", "s"): "ana signed out  (web)",
    e.SignedOut(
        "ana", "cli", "", "kim", "", "the password was changed"
    ): "sessions of ana ended by kim: the password was changed  (cli)",
    e.LockedOut(
        "account", "", "web", "", 5, AT
    ): "a name that nobody has is locked out until 2027-01-15 08:00 UTC after 5 attempts  (web)",
    e.AccountChanged("ana", "disabled", "kim", "cli"): "account of ana disabled by kim  (cli)",
    e.TokenIssued(
        "t", "ana", "ci", "viewer", ("*",), AT, "kim", "cli"
    ): "token t of ana made by kim: viewer for everything until 2027-01-15 08:00 UTC  (cli)",
    e.TokenRevoked("t", "ana", "kim", "cli", "", "lost"): "token t of ana revoked by kim: lost  (cli)",
    e.TokenRefused(
        "", "", "api", "10.0.0.1", "there is no such token"
    ): "a token was refused: there is no such token  (api from 10.0.0.1)",
    e.TokenRefused("t", "ana", "api", "", "it has expired"): "token t of ana was refused: it has expired  (api)",
    e.SettingsRead(
        "ana", "signal", "", ("roles", "server.port"), ("server.port",)
    ): "ana had the settings read anew: roles, server.port (from the next start on: server.port)  (signal)",
    e.SettingsRead("ana", "signal"): "ana had the settings read anew: nothing changed  (signal)",
    e.SettingsRead(
        "ana", "signal", refused=("steady.yaml:3:1 SH101",)
    ): "ana had the settings read anew, and they were refused: steady.yaml:3:1 SH101  (signal)",
    e.ActRefused("ana", "POST /x", "api", "", "t"): "ana was refused POST /x with token t  (api)",
}


@pytest.mark.parametrize("event", LINES, ids=e.name_of)
def test_it_is_told(event):
    told = door.line(e.Recorded("access:2027-01", 1, AT, "a", 1, event))
    assert told.endswith(f"  {LINES[event]}")
    assert "2027-01-15" in told[:10]


def test_every_event_of_the_door_is_told_and_no_other():
    assert {type(event) for event in LINES} == set(get_args(e.AccessEvent))
    assert door.line(e.Recorded("r", 1, AT, "a", 1, e.NoteAdded("ana", "x"))) == ""
