"""Who may use a server, as steady.yaml says it."""

from __future__ import annotations

import pytest

from steadyhand.handlers import registry
from steadyhand.model.people import Role
from steadyhand.schema import Directory, Login, Oidc, Person, is_name, read_settings

SPECS = registry.specs()


def read(text):
    settings, found = read_settings(text, "steady.yaml", SPECS)
    return settings.directory if settings else None, [(d.code, d.message, d.span.line) for d in found]


def test_nothing_said():
    assert read("{}\n") == (Directory(), [])
    assert Login() == Login(accounts=True, oidc=None, idle=1_800_000_000, longest=43_200_000_000)


def test_everything_said():
    text = """\
people:
  ana: {email: ana@shop.example, slack: U024, roles: {approver: [orders], viewer: ['*'], responder: [orders]}}
  ben:
groups:
  sre: {roles: {commander: ['*']}}
login:
  accounts: false
  idle: 15m
  longest: 8h
  oidc: {issuer: https://id.example, client_id: steady, client_secret: id, groups: groups, person: email, scopes: [email]}
secrets: {id: {env: OIDC}}
"""
    directory, found = read(text.replace("  ben:\n", "  ben: {}\n"))
    assert found == []
    assert directory.people == {
        "ana": Person("ana", "ana@shop.example", "U024", {"orders": Role.APPROVER, "*": Role.VIEWER}),
        "ben": Person("ben"),
    }
    assert directory.groups == {"sre": {"*": Role.COMMANDER}}
    oidc = Oidc("https://id.example", "steady", "id", scopes=("email",), person="email", groups="groups")
    assert directory.login == Login(False, oidc, 900_000_000, 28_800_000_000)


def test_rights_are_ones_own_and_those_of_the_groups_that_are_vouched_for():
    text = "people: {ana: {roles: {viewer: ['*'], approver: [db]}}}\ngroups: {sre: {roles: {commander: [db], responder: ['*']}}}\n"
    directory, _ = read(text)
    assert directory.rights("ana") == {"*": Role.VIEWER, "db": Role.APPROVER}
    assert directory.rights("ana", ("sre", "nobody")) == {"*": Role.RESPONDER, "db": Role.COMMANDER}
    assert directory.rights("zoe", ("sre",)) == {"*": Role.RESPONDER, "db": Role.COMMANDER}
    assert directory.rights("zoe") == {}


def test_people_by_their_address_whatever_its_case():
    directory, _ = read("people: {ana: {email: Ana@Shop.Example}, ben: {}}\n")
    assert directory.by_email("ana@shop.example") == "ana"
    assert directory.by_email("") == ""
    assert directory.by_email("eve@shop.example") == ""


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("people: [ana]", "SH103", "`people` must be a map, and is a list"),
        ("people: {'a b': {}}", "SH201", "nobody can be called 'a b'"),
        ("people: {'-x': {}}", "SH201", "nobody can be called '-x'"),
        ("people: {аna: {}}", "SH201", "nobody can be called 'аna'"),
        ("people: {ana: {mail: x}}", "SH101", "`ana` has no key `mail`"),
        ("people: {ana: {roles: {aprover: [a]}}}", "SH201", "there is no role 'aprover' on a server"),
        ("people: {ana: {roles: {viewer: all}}}", "SH103", "`viewer` must be a list, and is 'all'"),
        ("people: {a: {email: x@y}, b: {email: X@y}}", "SH201", "X@y is the address of a already"),
        ("groups: {sre: {}}", "SH102", "`sre` needs the key `roles`"),
        ("login: yes", "SH103", "`login` must be a map, and is 'yes'"),
        ("login: {idle: 0s}", "SH201", "a session cannot end before it begins"),
        ("login: {oidc: {issuer: https://x}}", "SH102", "`oidc` needs the key `client_id`"),
        (
            "login: {oidc: {issuer: id.example, client_id: x}}",
            "SH201",
            "'id.example' is no address of an identity provider",
        ),
        ("login: {oidc: {issuer: https://x, client_id: x, client_secret: s}}", "SH304", "there is no secret 's'"),
    ],
)
def test_what_is_wrong_is_said(line, code, message):
    _, found = read(line + "\n")
    assert found == [(code, message, 1)]


def test_names_that_could_be_taken_for_something_else_are_none():
    for word in ("ana", "ana@shop.example", "A.B-c_d+e"):
        assert is_name(word)
    for word in ("", " ana", "ana\n", "ana:x", "a/b", "<b>", "x" * 65, "аna"):
        assert not is_name(word)
