"""Rights are for services; each role includes those below it."""

from __future__ import annotations

from steadyhand.model.people import Identity, Role

ANA = Identity("ana", "web", rights={"orders": Role.APPROVER, "search": Role.VIEWER})


def test_a_role_includes_those_below_it_for_that_service_alone():
    assert ANA.may(Role.RESPONDER, ["orders"])
    assert ANA.may(Role.APPROVER, ["orders"])
    assert not ANA.may(Role.COMMANDER, ["orders"])
    assert not ANA.may(Role.RESPONDER, ["orders", "search"])
    assert not ANA.may(Role.VIEWER, ["payments"])


def test_where_no_service_is_named_any_will_do():
    assert ANA.may(Role.APPROVER)
    assert not ANA.may(Role.ADMIN)
    assert not Identity("nobody", "web").may(Role.VIEWER)


def test_a_right_to_everything_is_one_to_each():
    root = Identity("root", "cli", rights={"*": Role.ADMIN})
    assert root.may(Role.ADMIN, ["orders", "payments"])
    assert Role.ADMIN.word == "admin"
