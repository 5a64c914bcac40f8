"""Runbooks from files: found, checked, and completed with what they call."""

from __future__ import annotations

import pytest

from steadyhand.app import library
from steadyhand.errors import InvalidDocument, NotFound, UsageError

from .desk import calling, desk, one_step, write


def test_by_path_by_name_and_by_the_name_of_what_is_shipped(tmp_path):
    write(tmp_path / "runbooks", "mine", one_step())
    services = desk(tmp_path)
    assert library.load(services, "runbooks/mine.yaml").name == "mine"
    assert library.load(services, "mine").name == "mine"
    assert library.load(services, "disk-full").name == "disk-full"


def test_the_settings_say_where_the_library_is(tmp_path):
    write(tmp_path / "ours", "mine", one_step())
    (tmp_path / "steady.yaml").write_text("library: [ours]\n")
    assert library.find(desk(tmp_path), "mine") == tmp_path / "ours" / "mine.yaml"


@pytest.mark.parametrize(
    ("where", "said", "hint"),
    [
        ("min", "there is no runbook min", "did you mean mine?"),
        ("zzz", "there is no runbook zzz", "give a path, or the name of a runbook in the library"),
        ("runbooks", "runbooks is a folder", "name one runbook in it"),
    ],
)
def test_what_is_not_there(tmp_path, where, said, hint):
    write(tmp_path / "runbooks", "mine", one_step())
    with pytest.raises(NotFound) as caught:
        library.find(desk(tmp_path), where)
    assert (caught.value.message, caught.value.hint) == (said, hint)


def test_a_called_runbook_lies_beside_or_in_the_library(tmp_path):
    write(tmp_path, "outer", calling("middle"))
    write(tmp_path, "middle", calling("inner"))
    write(tmp_path / "runbooks", "inner", one_step())
    outer = library.load(desk(tmp_path), "outer.yaml")
    assert [one.name for one in library.family(outer)] == ["outer", "middle", "inner"]
    assert set(library.texts_of(outer)) == set(library.digests_of(outer)) == {"outer", "middle", "inner"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"outer": calling("outer")}, "runbook outer calls itself: outer -> outer"),
        ({"outer": calling("b"), "b": calling("outer")}, "runbook outer calls itself: outer -> b -> outer"),
        ({"outer": calling("gone")}, "the called runbook gone cannot be found or is not valid"),
        ({"outer": calling("b"), "b": "steps: 5\n"}, "the called runbook b cannot be found or is not valid"),
        ({"outer": calling("r1"), **{f"r{n}": calling(f"r{n + 1}") for n in range(1, 20)}}, "calls go deeper than 16 runbooks"),
    ],
)  # fmt: skip
def test_a_call_that_could_not_be_made(tmp_path, files, said):
    for name, body in files.items():
        write(tmp_path, name, body)
    with pytest.raises(InvalidDocument) as caught:
        library.load(desk(tmp_path), "outer.yaml")
    assert said in [d.message for d in caught.value.diagnostics]


def test_a_run_comes_back_from_its_own_texts_and_files_play_no_part(tmp_path):
    write(tmp_path, "outer", calling("inner"))
    write(tmp_path, "inner", one_step())
    services = desk(tmp_path)
    outer = library.load(services, "outer.yaml")
    texts = library.texts_of(outer)
    for file in tmp_path.glob("*.yaml"):
        file.unlink()
    again = library.revive(services, "outer", texts)
    assert library.digests_of(again) == library.digests_of(outer)
    assert library.texts_of(again) == texts


def test_a_folder_holds_runbooks_tests_settings_and_the_yaml_of_others(tmp_path):
    write(tmp_path, "a", one_step())
    write(tmp_path / "deep", "b", one_step())
    write(tmp_path / ".hidden", "c", one_step())
    write(tmp_path, "a.test", "tests: {}\n")
    (tmp_path / "steady.yaml").write_text("roles: {}\nsteps: 1\n")
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "broken.yml").write_text("steps: [\n")
    assert [str(p.relative_to(tmp_path)) for p in library.documents(tmp_path)] == [
        "a.yaml",
        "broken.yml",
        "deep/b.yaml",
    ]


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(UsageError, match="is a folder, not a file"):
        library.read(desk(tmp_path), tmp_path)


INNER = (
    "inputs: {app: {type: string, pattern: '^[a-z]+$'}, count: {type: integer, default: 1}, more: {type: string}}\n"
    + one_step()
)


def test_inputs_of_a_call_that_the_called_runbook_would_not_take_are_found(tmp_path):
    body = calling("inner").replace(
        "{runbook: inner}", "{runbook: inner, inputs: {app: 'a; b', count: many, other: 1, more: '{{ run.id }}'}}"
    )
    write(tmp_path, "outer", "inputs: {}\n" + body)
    write(tmp_path, "inner", INNER)
    found = library.read(desk(tmp_path), tmp_path / "outer.yaml").diagnostics
    wrong = [(d.span.line, d.message) for d in found if d.code == "SA002"]
    assert wrong == [
        (6, "the input app of runbook inner does not fit: 'a; b' must match '^[a-z]+$'"),
        (6, "the input count of runbook inner does not fit: 'many' must be of type integer"),
    ]
    assert [d.message for d in found if d.code == "SG016"] == [
        "`only` gives the input `other`, which runbook inner does not have"
    ]
    write(tmp_path, "outer", calling("inner").replace("{runbook: inner}", "{runbook: inner, inputs: {app: ok}}"))
    found = library.read(desk(tmp_path), tmp_path / "outer.yaml")
    assert [d.message for d in found.diagnostics if d.code == "SG016"] == [
        "`only` does not give the input `more` of runbook inner"
    ]
    assert not found.valid
