"""Secrets are found in every form and over every cut; what is no secret comes through byte for byte."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import threading
import time
import urllib.parse
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.driver.redaction import SEGMENT, Redactor, StreamRedactor, forms, mark
from steadyhand.model import Artifact, Finding

NAME = "db-key"
MARK = b"[secret db-key]"


def knowing(*values: str | bytes) -> Redactor:
    redactor = Redactor()
    for number, value in enumerate(values):
        assert redactor.learn(NAME if number == 0 else f"k{number}", value) == ""
    return redactor


def through(stream: StreamRedactor, data: bytes, cuts: list[int]) -> bytes:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return b"".join([*(stream.feed(data[a:b]) for a, b in pairwise(places)), stream.close()])


def percent(value: str, style: str) -> str:
    return "".join(style.format(byte) for byte in value.encode())


def javascript(value: str) -> str:
    return urllib.parse.quote(value, safe="!~*'()")


# Written with the standard library, so that they do not share a mistake with `forms`.
ENCODINGS = {
    "raw": lambda s: s,
    "percent": lambda s: urllib.parse.quote(s, safe=""),
    "percent, path": urllib.parse.quote,
    "percent, lower": lambda s: re.sub("%..", lambda m: m[0].lower(), urllib.parse.quote(s, safe="")),
    "percent, component": javascript,
    "percent, everything": lambda s: percent(s, "%{:02X}"),
    "percent, everything, lower": lambda s: percent(s, "%{:02x}"),
    "form": urllib.parse.quote_plus,
    "form, whole": lambda s: urllib.parse.urlencode({"password": s, "x": "1"}),
    "json": json.dumps,
    "json, unicode": lambda s: json.dumps(s, ensure_ascii=False),
    "json, slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "json, upper": lambda s: "".join(
        c
        if " " <= c <= "~" and c not in '"\\'
        else json.dumps(c)[1:-1].replace("\\u", "\0").upper().replace("\0", "\\u")
        if json.dumps(c)[1:-1].startswith("\\u")
        else json.dumps(c)[1:-1]
        for c in s
    ),
    "json, twice": lambda s: json.dumps(json.dumps(s)),
    "json, twice, unicode": lambda s: json.dumps(json.dumps(s, ensure_ascii=False), ensure_ascii=False),
    "json, mixed": lambda s: json.dumps(json.dumps(s), ensure_ascii=False),
    "json, inside": lambda s: json.dumps({"a": [f"x{s}y"]}),
    "html": html.escape,
    "html, text": lambda s: html.escape(s, quote=False),
    "html, jinja": lambda s: html.escape(s).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "shell": shlex.quote,
    "shell, inside": lambda s: shlex.join(["psql", f"password={s}"]),
    "shell, trace": lambda s: "'" + s.replace("'", "'\\''") + "'",
    "repr": repr,
    "repr, inside": lambda s: repr({"password": s}),
    "repr, both quotes": lambda s: repr(f"\"'{s}"),
    "ascii": ascii,
    "bytes repr": lambda s: repr(s.encode()),
    "hex": lambda s: s.encode().hex(),
    "hex, upper": lambda s: s.encode().hex().upper(),
}

secrets = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=4, max_size=40),
    st.text("aB3'\"%\\/+&<> $`é😀\n", min_size=4, max_size=40),
    st.text("ABCDEFabcdef0123456789+/=", min_size=4, max_size=300),
)
noise = st.one_of(st.binary(max_size=80), st.sampled_from([b"", b"%", b"\\u00", b"[secret ", b"password=", b"\n" * 9]))
cuts = st.lists(st.integers(0, 4000), max_size=12)


def usable(secret: str) -> bool:
    """A secret that is a part of the mark itself cannot be absent from what is marked."""
    return not any(form in MARK for form in forms(secret.encode())) and len(set(secret)) > 1 and "]" not in secret


@given(secrets, noise, noise, st.sampled_from(sorted(ENCODINGS)), cuts)
def test_a_planted_secret_is_found_in_every_form_and_over_every_cut(secret, before, after, encoding, places):
    assume(usable(secret))
    planted = ENCODINGS[encoding](secret).encode()
    out = through(knowing(secret).stream(), before + planted + after, places)
    assert planted not in out
    assert secret.encode() not in out
    assert MARK in out
    assert not [form for form in forms(secret.encode()) if form in out]


@given(secrets, st.binary(max_size=5), st.binary(max_size=5), st.booleans(), st.booleans(), cuts)
def test_it_is_found_inside_of_longer_data_in_base64(secret, before, after, url_safe, padded, places):
    assume(usable(secret))
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    planted = encode(before + secret.encode() + after)
    planted = planted if padded else planted.rstrip(b"=")
    out = through(knowing(secret).stream(), b"x: " + planted + b"\n", places)
    left = out.replace(MARK, b"").removeprefix(b"x: ").rstrip(b"\n=")
    # At either end one character may stay that also holds bits of what stands beside the secret.
    assert MARK in out
    assert len(left) <= 2 + (len(before) * 8 + 5) // 6 + (len(after) * 8 + 5) // 6


@given(secrets, st.binary(max_size=120), st.binary(max_size=120), st.sampled_from([64, 76]), cuts)
def test_it_is_found_in_base64_of_lines_wherever_they_break(secret, before, after, width, places):
    assume(usable(secret))
    whole = base64.b64encode(before + secret.encode() + after)
    lines = b"".join(whole[at : at + width] + b"\n" for at in range(0, len(whole), width))
    out = through(knowing(secret).stream(), b"x: " + lines, places)
    left = out.replace(MARK, b"").removeprefix(b"x: ").replace(b"\n", b"").rstrip(b"=")
    assert MARK in out
    assert len(left) <= 2 + (len(before) * 8 + 5) // 6 + (len(after) * 8 + 5) // 6


@given(st.lists(st.text("ab", min_size=4, max_size=9), min_size=1, max_size=4), st.binary(), cuts)
def test_every_byte_of_every_occurrence_goes_and_no_other(values, seed, places):
    data = bytes(b"aab\n"[byte % 4] for byte in seed * 3)
    redactor = knowing(*values)
    covered = [False] * len(data)
    for pattern in redactor._patterns.named:
        for at in range(len(data) - len(pattern) + 1):
            if data.startswith(pattern, at):
                covered[at : at + len(pattern)] = [True] * len(pattern)
    expected = bytes(byte for byte, hidden in zip(data, covered, strict=True) if not hidden)
    out = through(redactor.stream(), data, places)
    assert re.sub(rb"\[secret [^]]+\]", b"", out) == expected
    assert out == redactor.bytes(data)


@given(st.lists(secrets, min_size=1, max_size=5), st.binary(max_size=300), cuts)
def test_data_without_secrets_is_passed_unchanged_and_wholly(values, data, places):
    redactor = knowing(*values)
    assume(not any(pattern in data for pattern in redactor._patterns.named))
    assert through(redactor.stream(), data, places) == data
    assert redactor.bytes(data) is data


@given(st.text("ab=", min_size=4, max_size=12), st.text("ab=", max_size=20))
def test_held_back_is_only_what_may_begin_a_secret(secret, text):
    redactor, data = knowing(secret), text.encode()
    assume(not any(pattern in data for pattern in redactor._patterns.named))
    stream = redactor.stream()
    out = stream.feed(data)
    held = max(
        (n for p in redactor._patterns.named for n in range(1, len(p)) if data.endswith(p[:n])),
        default=0,
    )
    assert out == data[: len(data) - held]
    assert stream.peek() == data[len(data) - held :]
    assert stream.close() == data[len(data) - held :]
    assert stream.close() == b""


@pytest.mark.parametrize(
    ("secret", "written"),
    [
        ("caf\xe9/ab", r"caf\u00e9/ab"),
        ("caf\xe9/ab", r"caf\u00E9\/ab"),
        ("\U0001f600 key", r"\ud83d\ude00 key"),
        ("\U0001f600 key", r"\uD83D\uDE00 key"),
        ("a<b>&c", r"a\u003cb\u003e\u0026c"),
        ("a'b\"c", r"a\u0027b\u0022c"),
        ("a'b\"c", "a&#39;b&#34;c"),
        ("a'b\"c", "a&apos;b&quot;c"),
        ("a'b c", "a'\\''b c"),
        ("a'b c", "a\\'b\\ c"),
        ("a$b`c", r"a\$b\`c"),
        ("a~b c/d", "a%7eb%20c%2fd"),
        ("a~b c/d", "a%7Eb+c/d"),
        ("a*b c", "a*b+c"),
        ("k\xe9y\n1", r"k\xc3\xa9y\n1"),
        ("hunter2", "aHVudGVyMgo="),
        ("hunter2", "aHVudGVyMg"),
        ("i?~>?abc", "aT9-Pj9hYmM="),
    ],
)
def test_forms_that_tools_are_known_to_write(secret, written):
    assert knowing(secret).text(f"<{written}>") == "<[secret db-key]>"


def test_output_flows():
    stream = knowing("hunter2hunter3").stream()
    assert stream.feed(b"Password: ") == b"Password: "
    assert stream.feed(b"hunter") == b""
    assert stream.feed(b" is not it\nhun") == b"hunter is not it\n"
    assert stream.feed(b"ter2hunter3") == MARK
    assert stream.feed(b"!") == b"!"


def test_the_longest_match_wins_and_no_remainder_of_it_leaks():
    redactor = knowing("swordfish", "swordfish-and-chips", "and-chips-too")
    assert redactor.text("swordfish!") == "[secret db-key]!"
    assert redactor.text("swordfish-and-chips!") == "[secret k1]!"
    assert redactor.text("swordfish-and-chips-too!") == "[secret k1][secret k2]!"
    for cut in range(20):
        data = b"<swordfish-and-chips>"
        assert through(redactor.stream(), data, [cut, cut + 1]) == b"<[secret k1]>"


@pytest.mark.parametrize("count", [1, 3, 40])
@pytest.mark.parametrize("size", [4, 8, 16, 200])
def test_it_is_found_whichever_way_the_search_goes(count, size):
    values = [(f"{number:03d}Q" + f"x7{number}zQ" * 40)[:size] for number in range(count)]
    redactor = knowing(*values)
    for shift in range(9):
        text = "." * shift + " and ".join(values) + "." * (9 - shift)
        assert redactor.text(text).count("[secret ") == count
        assert "Q" not in redactor.text(text)


PEM = "-----BEGIN PRIVATE KEY-----\n{}\nshort\n-----END PRIVATE KEY-----\n".format(
    "\n".join(base64.b64encode(bytes((n * 37 + i * 11) % 256 for i in range(48))).decode() for n in range(9))
)


def test_each_line_of_a_key_is_hidden_but_not_its_armour():
    redactor = knowing(PEM)
    assert redactor.text(f"key: {PEM}.") == "key: [secret db-key]."
    for line in PEM.splitlines()[1:10]:
        assert redactor.text(f"  {line}\r\n") == "  [secret db-key]\r\n"
    assert redactor.text("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize("width", [64, 76])
def test_a_key_in_base64_broken_into_lines_is_hidden(width):
    encoded = base64.b64encode(PEM.encode()).decode()
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    assert set(knowing(PEM).text("\n".join(lines)).split("\n")) == {"[secret db-key]"}


def test_a_part_of_a_long_secret_is_hidden_as_far_as_whole_stretches_reach():
    token = "".join(chr(97 + (n * n + n // 7) % 26) for n in range(1000))
    out = knowing(token).text(f"Bearer {token[: 5 * SEGMENT]}...")
    assert out == "Bearer [secret db-key]..."
    assert knowing(token)._patterns.reach < 2 * SEGMENT


def test_a_short_secret_is_not_hidden_and_that_is_said():
    redactor = Redactor()
    warning = redactor.learn("pin", "123")
    assert warning == (
        "secret pin has fewer than 4 characters: it cannot be told from ordinary text, and is NOT hidden in output"
    )
    assert redactor.learn("none", "").startswith("secret none is empty: ")
    assert redactor.text("123 none") == "123 none"


def test_marking_twice_changes_nothing_even_when_a_secret_is_a_part_of_the_mark():
    redactor = knowing("secret", "db-key")
    once = redactor.text("the secret of db-key")
    assert once == "the [secret db-key] of [secret k1]"
    assert redactor.text(once) == once
    assert through(redactor.stream(), once.encode(), list(range(40))) == once.encode()


def test_lone_surrogates_stay_and_are_searched():
    odd = "x\ud800y\udcffz"
    redactor = knowing(b"pass\xff\xfeword")
    assert redactor.text(odd) is odd
    assert redactor.text("\ud800pass\udcff\udcfeword\udcff") == "\ud800[secret db-key]\udcff"
    assert redactor.bytes(b"\x00pass\xff\xfeword") == b"\x00" + MARK
    assert knowing("lone\ud800one").text("a lone\ud800one") == "a [secret db-key]"


def test_a_secret_that_is_no_text_may_be_found_in_the_middle_of_a_character():
    text = knowing(b"\xa9\x20\xa9\x20\xa9").text("éé \udca9 é")
    assert text == "éé \udca9 é"
    assert knowing(b"\xa9aaa").text("éaaa") == "\udcc3[secret db-key]"


def test_a_nul_byte_is_part_of_a_value():
    assert knowing("ab\0cd").bytes(b"ab\0cd, ab, YWIAY2Q=") == MARK + b", ab, " + MARK


def test_a_secret_learned_in_the_middle_of_a_stream_counts_from_then_on():
    redactor = Redactor()
    stream = redactor.stream()
    assert stream.feed(b"hunter2 hun") == b"hunter2 hun"
    redactor.learn(NAME, "hunter2")
    assert stream.feed(b"hunter2 hun") == MARK + b" "
    redactor.learn("other", "hunger")
    assert stream.feed(b"ger") == b"[secret other]"


def test_threads_may_learn_and_search_at_once():
    redactor = Redactor()
    values = [f"value-of-many-{number}" for number in range(10, 34)]

    def learn(part: list[str]) -> None:
        for value in part:
            redactor.learn(value[-2:], value)
            assert value not in redactor.text(f"<{value}>")

    threads = [threading.Thread(target=learn, args=(values[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redactor.text(" ".join(values)) == " ".join(mark(value[-2:]) for value in values)


def settled(**fields) -> e.StepSettled:
    return e.StepSettled(path="check", visit=1, attempt=1, outcome="pass", **fields)


def test_an_event_is_redacted_everywhere_and_otherwise_the_same():
    key = 'hunt"er2'
    redactor = knowing(key)
    event = settled(
        reason=f"said {key}",
        values={"stdout": f"a\n{key}\n", "json": {key: [key, {"deep": key}], "n": 1.5, "none": None, "yes": True}},
        findings=(Finding("stdout", "x", json.dumps(key), False, {"facts.a": key}),),
        artifacts=(Artifact("stdout", 3, "d", "s", 3, key),),
        facts={"clean": "clean"},
    )
    out = redactor.event(event)
    assert out == settled(
        reason="said [secret db-key]",
        values={
            "stdout": "a\n[secret db-key]\n",
            "json": {
                "[secret db-key]": ["[secret db-key]", {"deep": "[secret db-key]"}],
                "n": 1.5,
                "none": None,
                "yes": True,
            },
        },
        findings=(Finding("stdout", "x", '"[secret db-key]"', False, {"facts.a": "[secret db-key]"}),),
        artifacts=(Artifact("stdout", 3, "d", "s", 3, "[secret db-key]"),),
        facts={"clean": "clean"},
    )
    assert out.facts is event.facts
    assert redactor.event(out) is out


def test_a_number_that_is_a_secret_is_hidden_among_values_but_not_in_the_engines_own_fields():
    redactor = knowing("123456")
    event = settled(values={"pin": 123456, "list": [123456, 1234567]}, duration=123456)
    out = redactor.event(event)
    assert out.values == {"pin": "[secret db-key]", "list": ["[secret db-key]", 1234567]}
    assert out.duration == 123456


def test_a_weak_secret_does_not_change_what_the_engine_steers_by():
    redactor = knowing("pass", "check", "restart", "0123")
    intended = e.StepIntended("restart", 1, 1, "shell", "read", False, "ab0123cd", "restart now")
    assert redactor.event(settled(reason="pass", facts={"check": "check"})) == settled(
        reason="[secret db-key]", facts={"check": "[secret k1]"}
    )
    assert redactor.event(intended).path == "restart"
    assert redactor.event(intended).digest == "ab0123cd"
    assert redactor.event(intended).preview == "[secret k2] now"
    answered = e.GateAnswered("restart", 1, "pass", "restart", "d", comment="restart")
    assert redactor.event(answered) == e.GateAnswered("restart", 1, "pass", "restart", "d", comment="[secret k2]")


def test_the_keys_of_a_wave_are_the_same_wherever_they_stand():
    redactor = knowing("hunter2")
    expanded = redactor.event(e.EachExpanded("hunter2", ("a", "hunter2"), ("a", "hunter2")))
    assert expanded == e.EachExpanded("hunter2", ("a", "[secret db-key]"), ("a", "[secret db-key]"))
    event = redactor.event(e.StepEntered(f"hunter2[{'hunter2'}]:verify", 1))
    assert event.path == f"hunter2[{expanded.keys[1]}]:verify"


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def planted_in(value, text):
    """The value with the text in each of its strings, keys included."""
    if isinstance(value, str):
        return value + text + value
    if isinstance(value, dict):
        return {key + text: planted_in(inner, text) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(planted_in(inner, text) for inner in value)
    return value


def strings_in(value):
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *strings_in(list(value.values()))]
    return [text for inner in value for text in strings_in(inner)] if isinstance(value, (list, tuple)) else []


@given(json_values, secrets, st.sampled_from(sorted(ENCODINGS)))
def test_a_value_is_redacted_as_deep_as_it_goes(value, secret, encoding):
    assume(usable(secret))
    redactor = knowing(secret)
    planted = ENCODINGS[encoding](secret)
    out = strings_in(redactor.value({"key": [planted_in(value, planted)]}))
    assert not [
        form for form in forms(secret.encode()) for text in out if form in text.encode("utf-8", "surrogatepass")
    ]
    event = redactor.event(settled(reason=planted, values={"body": planted_in(value, planted)}))
    assert secret not in event.reason
    assert redactor.event(event) is event


@given(json_values, st.text("QXZ", min_size=9, max_size=12))
def test_a_clean_value_is_the_very_same_object(value, secret):
    assume(secret not in repr(value))
    assert knowing(secret).value(value) is value
    assert Redactor().value(value) is value


def test_it_keeps_up_with_ordinary_output():
    line = (
        b'2026-11-23T20:14:55.118Z INFO orders[812] GET /v1/orders/48213 status=200 took=31ms user=anna msg="pool ok"\n'
    )
    data = line * 2500
    stream = knowing(*(f"s3cr{n}t-Value" for n in range(5))).stream()
    start = time.perf_counter()
    for _ in range(32):
        stream.feed(data)
    assert time.perf_counter() - start < 1.0, "under 9 MB/s: one search for each pattern would do as much"
