"""`http` plans one request: what goes out, what a person approves, and what cannot be sent at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.errors import BadInput
from steadyhand.expressions import render_text
from steadyhand.handlers import http
from steadyhand.handlers._request import METHODS
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Effect, Literal, Need, Secret, Syntax, Target, Text, Value, plain, secrets_in

TOKEN = Text((Secret("token"),))
URL = {"url": plain("https://host/health")}


def preview(**params) -> list[str]:
    return http.plan({**URL, **params}, None).preview.splitlines()


def test_a_request_is_shown_in_a_line():
    assert preview() == ["GET https://host/health"]


def test_what_goes_with_it_is_shown_below():
    assert preview(
        method=plain("post"),
        headers={"Accept": plain("text/plain"), "X-Key": Text((Literal("k "), Secret("key")))},
        query={"q": Text((Value("a b&c", "a b&c"),)), "token": TOKEN, "n": [1, True]},
        json={"replicas": 3, "reason": plain("ü"), "by": [TOKEN]},
        auth={"basic": {"username": plain("ops"), "password": TOKEN}},
        tls={"verify": False, "ca": plain("ca.pem")},
        redirects=True,
    ) == [
        "POST https://host/health?q=a%20b%26c&token=•••&n=1&n=true",
        "Accept: text/plain",
        "X-Key: k •••",
        "Authorization: Basic ops:•••",
        "# the server's certificate is not checked",
        "# tls ca: ca.pem",
        "# redirects are followed",
        "",
        '{"replicas": 3, "reason": "ü", "by": ["•••"]}',
    ]


def test_other_bodies():
    assert preview(method=plain("PUT"), body=Text((Literal("a=\n"), Secret("token"))))[2:] == ["a=", "•••"]
    assert preview(method=plain("PUT"), form={"a": plain("x y"), "b": TOKEN})[2:] == ["a=x%20y&b=•••"]
    assert preview(method=plain("PUT"), json=TOKEN)[2:] == ['"•••"']
    assert preview(method=plain("PUT"), json=None)[2:] == ["null"]
    assert preview(auth={"bearer": TOKEN})[1:] == ["Authorization: Bearer •••"]


def test_a_long_body_is_cut_in_the_preview_and_not_in_the_digest():
    first = http.plan({**URL, "body": plain("x" * 5000 + "a")}, None)
    second = http.plan({**URL, "body": plain("x" * 5000 + "b")}, None)
    assert first.preview.endswith("x ... (5,001 characters)")
    assert len(first.preview) < 1100
    assert first.digest != second.digest


def test_a_query_goes_after_one_that_is_there():
    assert preview(url=plain("http://h/?a=1"), query={"b": plain("2")}) == ["GET http://h/?a=1&b=2"]
    assert preview(url=plain("http://h/"), query={}) == ["GET http://h/"]


def test_an_address_that_is_a_secret():
    plan = http.plan({"url": Text((Secret("hook"),)), "method": plain("POST")}, None)
    assert plan.preview == "POST •••"
    assert secrets_in(plan.request) == {"hook"}


@pytest.mark.parametrize("method", METHODS)
def test_the_effect_is_that_of_the_method(method):
    expected = {"GET": Effect.READ, "HEAD": Effect.READ, "OPTIONS": Effect.READ, "DELETE": Effect.DESTRUCTIVE}
    for written in (method, method.lower()):
        assert http.effect_of({"url": "x", "method": written}) is expected.get(method, Effect.CHANGE)


def test_the_effect_of_a_method_that_is_not_known_yet_is_the_worst():
    assert http.effect_of({"method": "{{ inputs.method }}"}) is Effect.DESTRUCTIVE
    assert http.effect_of({"method": "PURGE"}) is Effect.CHANGE
    assert http.effect_of({}) is Effect.READ
    assert http.spec.effect_known


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"method": plain("PURGE")}, "`method` cannot be 'PURGE'",
         "one of GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"),
        ({"url": plain("ftp://host/")}, "'ftp://host/' is no http or https address",
         "begin it with https:// and a host"),
        ({"url": plain("https:///x")}, "'https:///x' is no http or https address", "begin it with https:// and a host"),
        ({"url": plain("")}, "'' is no http or https address", "begin it with https:// and a host"),
        ({"body": plain("x"), "form": {}}, "`body` and `form` are both given", "give one body"),
        ({"json": 1, "form": {}}, "`json` and `form` are both given", "give one body"),
        ({"json": float("nan")}, "`json` holds a number that JSON has not (infinite, or none)", "leave it out"),
        ({"headers": {"X Y": plain("")}}, "'X Y' is no name of a header", "use letters, digits and -"),
        ({"headers": {"X:": plain("")}}, "'X:' is no name of a header", "use letters, digits and -"),
        ({"headers": {"": plain("")}}, "'' is no name of a header", "use letters, digits and -"),
        ({"headers": {"X\r\nY": plain("")}}, "'X\\r\\nY' is no name of a header", "use letters, digits and -"),
        ({"headers": {"Content-Length": plain("5")}}, "the header Content-Length is set by the client", "leave it out"),
        ({"headers": {"transfer-encoding": plain("chunked")}}, "the header transfer-encoding is set by the client",
         "leave it out"),
        ({"headers": {"X": plain("a"), "x": plain("b")}}, "the header x is given twice",
         "give it once; names are the same in any case"),
        ({"headers": {"Authorization": plain("x")}, "auth": {"bearer": TOKEN}},
         "`auth` and the header Authorization are both given", "give one of them"),
        ({"auth": {}}, "`auth` needs one of `basic` and `bearer`", "write auth: {bearer: ...}"),
        ({"auth": {"bearer": TOKEN, "basic": {}}}, "`auth` needs one of `basic` and `bearer`",
         "write auth: {bearer: ...}"),
        ({"tls": {"key": plain("k.pem")}}, "`tls.key` needs `tls.cert`", "name the file of the certificate"),
        ({"max_size": 0}, "`max_size` must be above 0", "write max_size: 10MiB"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent(params, message, hint):
    with pytest.raises(BadInput) as caught:
        http.plan({**URL, **params}, None)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert not caught.value.unsure


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\0b", "\x1b[31m", "\x7f"])
def test_a_header_is_one_line(value):
    message = "header X-Alert holds a line break or another control character"
    with pytest.raises(BadInput) as caught:
        http.plan({**URL, "headers": {"X-Alert": Text((Literal("a"), Value(value, value)))}}, None)
    assert (caught.value.message, caught.value.hint) == (message, "its value must be one line")


def test_a_target_makes_no_sense():
    with pytest.raises(BadInput) as caught:
        http.plan(URL, Target("app", "ssh", {}))
    assert caught.value.message == "an `http` step takes no target"


def test_a_value_in_an_address_stays_one_component():
    url = render_text("https://host/{{ inputs.x }}", {"inputs": {"x": "../?a=b#c\r\n"}}, Syntax.URL)
    assert preview(url=url) == ["GET https://host/..%2F%3Fa%3Db%23c%0D%0A"]


def test_preflight_looks_at_the_files_of_tls(tmp_path):
    (tmp_path / "ca.pem").write_text("x")
    tls = {"ca": plain("ca.pem"), "cert": plain("/no/such"), "key": TOKEN, "verify": True}
    rows = http.preflight(http.plan({**URL, "tls": tls}, None), BenchHands(cwd=str(tmp_path)))
    assert rows == [
        Need(f"file {tmp_path}/ca.pem", True),
        Need("file /no/such", False, "it cannot be read", "create it, or change `tls.cert`"),
    ]
    assert http.preflight(http.plan(URL, None), BenchHands()) == []


def test_planning_imports_no_client():
    code = (
        "import sys; from steadyhand.handlers import http; from steadyhand.model import plain;"
        "http.plan({'url': plain('http://h/'), 'query': {'a': plain('b')}}, None);"
        "print([m for m in ('httpx', 'ssl', 'socket', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
