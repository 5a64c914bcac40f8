"""Channels are looked at and nobody is told: names, connections, TLS, logins."""

from __future__ import annotations

import sys

import pytest

from steadyhand.handlers import notify
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Need, Secret, Target, Text, plain

from ..realparts.mail import PASSWORD, USER, mail_server
from .servers import NO_OPENSSL, OPENSSL, authority, certificate, closed_port, raw, server_context, web
from .sink import sink

HOOK = Text((Secret("hook"),))


def look(kind, params, timeout=20.0, **secrets):
    plan = notify.plan({"message": plain("m")}, Target("c", "channels", {"c": {kind: params}}))
    (need,) = notify.preflight(plan, BenchHands(timeout=timeout, secrets=secrets))
    return need


def test_a_service_is_asked_for_nothing_but_headers_at_its_root():
    with sink((404, {}, "")) as service:
        host = service.url.removeprefix("http://")
        need = look("slack", {"webhook": HOOK}, hook=f"{service.url}/services/T0/sekrit-12345?x=y")
        assert need == Need("channel c (slack)", True, f"{host} answers (404); its keys are tried when it is told")
        ((method, path, headers, body),) = service.requests
    assert (method, path, body) == ("HEAD", "/", None)
    assert "authorization" not in headers


def test_a_service_that_is_not_there():
    address = closed_port()
    need = look("pagerduty", {"routing_key": HOOK, "url": plain(f"http://{address}/x")})
    assert (need.holds, need.why) == (False, f"{address} refused the connection")
    assert need.how == "is it running, and is that the port it listens on?"


def test_a_service_that_does_not_answer():
    with raw(lambda connection: connection.recv(1) and None) as address:
        need = look("teams", {"webhook": plain(f"http://{address}")}, timeout=0.4)
    assert not need.holds


def test_tls_is_tried(tmp_path):
    if not OPENSSL:
        pytest.skip(NO_OPENSSL)
    ca, pem = authority(tmp_path), certificate(tmp_path, "server")
    with web(context=server_context(pem)) as (base, seen):
        url = plain(f"https://{base}/x")
        refused = look("webhook", {"url": url})
        assert "certificate" in refused.why
        assert "`ca`" in refused.how
        assert look("webhook", {"url": url, "ca": plain(str(ca))}).holds
        assert [method for method, _, _, _ in seen.requests] == ["HEAD"]


def test_a_mail_server_is_greeted_and_logged_in_to(tmp_path):
    mail = {"host": plain("127.0.0.1"), "from": plain("a@example.com"), "to": [plain("b@example.com")]}
    with mail_server() as (port, box):
        clear = {**mail, "port": port, "tls": plain("none")}
        assert look("email", clear) == Need("channel c (email)", True, "greeted")
        assert box.taken == []
    if not OPENSSL:
        pytest.skip(NO_OPENSSL)
    ca, pem = authority(tmp_path), certificate(tmp_path, "server")
    login = {"username": plain(USER), "password": HOOK, "ca": plain(str(ca))}
    with mail_server(server_context(pem), login=True) as (port, box):
        safe = {**mail, **login, "port": port}
        assert look("email", safe, hook=PASSWORD).why == "greeted and logged in"
        wrong = look("email", safe, hook="not-the-password")
        assert not wrong.holds
        assert "535" in wrong.why
        assert wrong.how
        assert (box.taken, box.logins) == ([], 1)


def test_the_console_is_always_there():
    assert look("console", {}) == Need("channel c (console)", True, "")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_an_address_for_apprise():
    pytest.importorskip("apprise", reason="the package apprise is not installed: its channel was not tried")
    assert look("apprise", {"url": HOOK}, hook="ntfy://topic").holds
    assert look("apprise", {"url": HOOK}, hook="nonsense://topic").why == "apprise does not know this address"


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert look("apprise", {"url": HOOK}).how == "pip install 'steadyhand[apprise]'"
