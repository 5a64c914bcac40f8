"""Small documents that the tests of this room change."""

HEAD = "steadyhand: 1\nname: x\ntitle: X\n"
STEP = """\
    title: A
    shell: echo
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""
DOC = f"{HEAD}steps:\n  a:\n{STEP}"


def changed(old: str, new: str, text: str = DOC) -> str:
    """The document with one part replaced, which must be there."""
    assert old in text
    return text.replace(old, new, 1)
