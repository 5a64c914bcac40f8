"""Where things stand, said by paths; what words mean."""

from __future__ import annotations

import pytest

from steadyhand.schema.intakes import IntakeSpec, Shape

from .senders import GENERIC, heard


def mapped(value, statuses=None, **shape):
    return heard("generic", value, options=IntakeSpec("g", "generic", mapping=Shape(**shape), statuses=statuses or {}))


def test_a_body_with_several_alerts():
    body = {"policy": "P", "items": [{"n": "a", "v": 1}, {"n": "b", "v": None}]}
    first, second = mapped(body, each="$.items[*]", name="$.n", group="$.policy", labels={"v": "$.v", "kind": "fixed"})
    assert (first.name, first.group, first.labels) == ("a", "P", {"alertname": "a", "v": "1", "kind": "fixed"})
    assert second.labels == {"alertname": "b", "kind": "fixed"}
    assert first.fingerprint != second.fingerprint


def test_labels_may_be_a_map_in_the_body():
    (one,) = mapped(GENERIC, name="$.title", labels="$.tags", annotations="$.nothing")
    assert one.labels == {"alertname": "Orders are slow", "host": "web1"}
    assert mapped(GENERIC, name="$.title", labels="$.id").why == "at $.id stands text, and `labels` must be an object"


def test_what_is_no_path_is_the_text_itself():
    (one,) = mapped({}, name="Backup failed", status="firing", url="https://x.example")
    assert (one.name, one.status, one.url) == ("Backup failed", "firing", "https://x.example")


def test_without_a_fingerprint_name_and_labels_make_it_the_same():
    one, two, other = (
        mapped({"n": "a", "h": host, "t": time}, name="$.n", labels={"h": "$.h"}, starts_at="$.t")[0]
        for host, time in (("x", 1795447926), ("x", 1795447999), ("y", 1795447926))
    )
    assert one.fingerprint == two.fingerprint != other.fingerprint
    assert one.identity != two.identity


def test_without_any_name_a_delivery_is_known_by_what_it_says():
    one, again, over = (mapped({"s": s}, name="x", status="$.s")[0] for s in ("open", "open", "closed"))
    assert one.identity == again.identity != over.identity
    assert one.identity.startswith("content:")
    assert mapped({"i": 9}, name="x", identity="$.i")[0].identity == "9"


@pytest.mark.parametrize(
    ("word", "status"), [("Problem", "firing"), ("OK", "resolved"), ("acked", "acknowledged"), ("", "firing")]
)
def test_words_for_a_status(word, status):
    assert mapped({"s": word}, name="x", status="$.s")[0].status == status


def test_the_settings_know_better_what_a_word_means():
    assert mapped({"s": "Open"}, {"open": "resolved"}, name="x", status="$.s")[0].status == "resolved"
    refused = mapped({"s": "purple"}, name="x", status="$.s")
    assert (refused.status, refused.why) == (400, "the status 'purple' is not known here")
    assert refused.hint == "say what it means: `statuses: {purple: firing}`"


def test_what_is_missing_or_too_much_is_said():
    assert mapped({}, name="$.title").why == "there is no name at $.title"
    assert mapped({"a": [{}] * 10_001}, each="$.a[*]", name="x").status == 413
    assert mapped({"a": [[0] * 400] * 400}, each="$..*", name="x").status == 400  # more than a path may visit
