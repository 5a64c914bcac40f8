"""Where a placeholder stands in shell text. What is taken for safe is run through real shells."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from steadyhand.expressions import shell, shell_word
from steadyhand.expressions.shell import BARE, contexts


def at(text):
    """The contexts of the holes in a text, where `@` is a hole."""
    pieces = [piece for part in text.split("@") for piece in (part, None)][:-1]
    return contexts(pieces)


@pytest.mark.parametrize(
    "text",
    [
        "@",
        "echo @",
        "echo --flag=@ x@y",
        "echo 'a' \"b\" @",
        "echo $(cat @)",
        'echo "$(cat @)"',
        'echo "a $(cat "b" @) c"',
        "echo \\' @",
        'echo "a\\"b" @',
        "echo 'it'\\''s' @",
        "echo a#b @",
        "# a comment ' with a quote\necho @",
        "echo `date` @",
        "cat <<EOF\nit's text\nEOF\necho @",
        "cat <<-'E F'\n\tit's\n\tE F\necho @",
        "cat <<A <<B\n'\nA\n'\nB\necho @",
        "cat <<< @",
        "echo $((1 + (2))) @",
        "echo ${v:-x} ${#v} @",
        'echo "${v}" @',
        "case a in a) echo @;; esac",
        "f() { echo @; }; (echo @)",
        "for x in @ @; do echo $x; done",
        "echo $v$ @",
        "echo $'a' @",
        "ls \\\n -l @ a\\\n#b @",
        "echo \\\\\n@",
        "a=@ b=@ cmd > @ 2>&1",
    ],
)
def test_bare_places(text):
    assert set(at(text)) == {BARE}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('echo "@"', [shell.DOUBLE]),
        ("echo 'a @ b' @", [shell.SINGLE, BARE]),
        ('echo "a $(b "c @") @"', [shell.DOUBLE, shell.DOUBLE]),
        ("echo `cat @` @", [shell.BACKTICK, BARE]),
        ('echo "`cat \\` @ `"', [shell.BACKTICK]),
        ("cat <<EOF\n@\nEOF\n@", [shell.HEREDOC, BARE]),
        ("cat <<'EOF'\na @ b\n EOF\n@\nEOF", [shell.HEREDOC, shell.HEREDOC]),
        ("ls # @\n@", [shell.COMMENT, BARE]),
        ("ls;# @", [shell.COMMENT]),
        ("echo ${v:-@} @", [shell.EXPANSION, BARE]),
        ('echo "${v:-@}"', [shell.EXPANSION]),
        ("echo ${v:-$(cat @)}", [shell.EXPANSION]),
        ("echo $((@ + 1)) @", [shell.ARITHMETIC, BARE]),
        ("((@)); @", [shell.ARITHMETIC, BARE]),
        ("echo $@ @", [shell.DOLLAR, BARE]),
        ('echo "$@"', [shell.DOUBLE]),
        ("echo \\@ @", [shell.ESCAPED, BARE]),
        ('echo "\\@"', [shell.ESCAPED]),
        ("echo $'@'", [shell.SINGLE]),
        ("echo $'it\\'s' @", [shell.UNCLEAR]),
        ("cat <<@\n@", [shell.UNCLEAR, shell.UNCLEAR]),
        ("cat <<$x\n@", [shell.UNCLEAR]),
        ('echo @ "$(case a in a) echo;; esac)" @', [BARE, shell.UNCLEAR]),
        ('echo "${v:-\'}" @', [shell.UNCLEAR]),
        ("echo $((1 + '2')) @", [shell.UNCLEAR]),
        ("cat <<EOF\na\\\nEOF\n@\nEOF\n", [shell.UNCLEAR]),
        ("cat <<EOF\n$(a\nEOF\n@", [shell.UNCLEAR]),
        ("cat <<EOF $(a\nb) @", [shell.UNCLEAR]),
        ("cat $(a <<EOF) @", [shell.UNCLEAR]),
        ("ls \\\n# @", [shell.COMMENT]),
        ("echo $\\\n(a) @", [shell.UNCLEAR]),
        ("cat <\\\n<E\n@\nE", [shell.UNCLEAR]),
        ("cat <<E\\\nF\n@\nEF", [shell.UNCLEAR]),
        ("$(" * 40 + "@", [shell.UNCLEAR]),
        ("${a:-" * 40 + "@", [shell.UNCLEAR]),
        ("", []),
    ],
)
def test_places_that_are_not(text, found):
    assert at(text) == found


SHELLS = [[path] for name in ("sh", "dash", "bash") if (path := shutil.which(name))]


@pytest.mark.parametrize("command", SHELLS, ids=lambda c: c[0])
@pytest.mark.parametrize("text", ['echo "@"', "ls # @", "cat <<EOF\n@\nEOF\n", "echo \\@"])
def test_the_refused_places_are_dangerous(text, command, tmp_path):
    """The fuzz below can find a hole: in these places one of its values does get out."""
    assert any(_gets_out(text.replace("@", shell_word(v)), command, tmp_path) for v in _values(tmp_path))


SIGNS = """ " ' ` $( ) ( (( )) $(( ${ } v \\ # ; | & < > { x = [ ] ! <<< <( $' $" $ : :- echo fi if then esac for done
    <<EOF <<'EOF' <<-EOF EOF $@ "$( )" "${ }" """
SPACED = [
    " ",
    "\n",
    "\t",
    " # ",
    "\nEOF\n",
    "case ",
    " in",
    " a) ",
    ";; ",
    " do ",
    "\\\n",
    "cat ",
    "echo a",
    '<<"E F"',
    "E F",
]
FRAGMENTS = st.sampled_from([*SIGNS.split(), *SPACED])
TEXT = st.lists(FRAGMENTS, max_size=9).map("".join)


def _values(folder):
    mark = f": >{folder}/out"
    return [
        f"\n{mark}\n",
        f"';{mark};'",
        f'";{mark};"',
        f"$({mark})",
        f"`{mark}`",
        f"\nEOF\n{mark}\n",
        f"\nE F\n{mark}\n",
        f")\n{mark}\n",
        f"\\';{mark};",
    ]


def _gets_out(text, command, folder):
    subprocess.run(
        [*command, "-c", text], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20, cwd=folder
    )
    out = folder / "out"
    if out.exists():
        out.unlink()
        return True
    return False


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(TEXT, TEXT, st.sampled_from(SHELLS), st.integers(0, 8))
def test_nothing_gets_out_of_a_bare_place(tmp_path, before, after, command, which):
    assume(contexts([before, None, after]) == [BARE])
    assert not _gets_out(before + shell_word(_values(tmp_path)[which]) + after, command, tmp_path)


@given(st.lists(st.none() | TEXT | st.text(max_size=5), max_size=8))
def test_every_hole_has_a_context_whatever_the_text(pieces):
    assert len(contexts(pieces)) == sum(piece is None for piece in pieces)


def test_long_commands_are_read_in_linear_time():
    assert contexts(["echo 'x' \"$(y)\"\n" * 20_000, None]) == [BARE]


def test_text_that_looks_like_a_hole_is_none():
    assert contexts(["echo '{{}}' ", None, "{{}}"]) == [BARE]
