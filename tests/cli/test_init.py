"""`steady init`: a library that is valid, tested, and found again."""

from .steady import steady


def test_what_it_writes_works(tmp_path):
    assert steady(tmp_path, "init").returncode == 0
    assert steady(tmp_path, "validate", "--strict", ".").returncode == 0
    tested = steady(tmp_path, "test", "--coverage-min", "100", ".")
    assert (tested.returncode, tested.stdout.splitlines()[-1]) == (
        0,
        "        steps 5 of 5, edges 16 of 16 (100 %), conclusions 3 of 3",
    )
    assert steady(tmp_path, "plan", "disk-full").returncode == 0, "found by its name"
    modeline = (tmp_path / "runbooks" / "disk-full.yaml").read_text().splitlines()[0]
    schema = modeline.partition("$schema=")[2]
    assert (tmp_path / "runbooks" / schema).resolve().is_file(), "an editor finds the schema"


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "steady.yaml").write_text("store: mine.db\n")
    done = steady(tmp_path, "init")
    assert "kept     steady.yaml\n" in done.stdout
    assert (tmp_path / "steady.yaml").read_text() == "store: mine.db\n"


def test_another_folder_is_made(tmp_path):
    assert steady(tmp_path, "init", "library").returncode == 0
    assert (tmp_path / "library" / "runbooks" / "disk-full.yaml").is_file()
