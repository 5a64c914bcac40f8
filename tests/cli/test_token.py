"""`steady token`."""

from __future__ import annotations

import json
import re

from .steady import steady
from .test_person import folder_with_people


def test_a_token_is_made_listed_and_revoked(tmp_path):
    folder_with_people(tmp_path)
    made = steady(
        tmp_path, "token", "new", "--person", "ana", "--role", "responder", "--services", "orders", "--label", "ci"
    )
    assert made.returncode == 0
    assert re.fullmatch(r"steady_[a-z2-7]{10}_[\w-]{43}\n", made.stdout)
    name = made.stdout.split("_")[1]
    assert f"token {name} of ana holds until" in made.stderr
    listed = steady(tmp_path, "token", "list").stdout
    assert listed.startswith(f"{name}  ana  responder for orders  until ")
    assert listed.endswith("never used  ci\n")
    (row,) = json.loads(steady(tmp_path, "token", "list", "--person", "ana", "--json").stdout)["tokens"]
    assert (row["token"], row["role"], row["services"], row["used_at"]) == (name, "responder", ["orders"], None)
    assert made.stdout.strip() not in json.dumps(row)
    assert "there is no token" in steady(tmp_path, "token", "list", "--person", "ben").stderr
    revoked = steady(tmp_path, "token", "revoke", name, "--reason", "lost")
    assert revoked.stderr == f"token {name} of ana holds no longer\n"
    assert steady(tmp_path, "token", "list").stdout == ""
    assert "lost" in steady(tmp_path, "audit", "access").stdout


def test_what_cannot_be_is_said(tmp_path):
    folder_with_people(tmp_path)
    new = ("token", "new", "--person", "ana", "--role")
    for words, message in (
        ((*new, "admin"), "ana is no admin"),
        ((*new, "king"), "Invalid value for '--role'"),
        ((*new, "viewer", "--expires", "soon"), "'soon' is no time"),
        ((*new, "viewer", "--expires", "400d"), "a token holds for a year at most"),
        (("token", "new", "--person", "zoe", "--role", "viewer"), "steady.yaml names nobody 'zoe'"),
        (("token", "revoke", "abc"), "there is no token abc"),
    ):
        done = steady(tmp_path, *words)
        assert done.returncode == 2
        assert message in done.stderr
