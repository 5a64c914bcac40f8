"""Whatever is filled in is text, never markup."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from steadyhand.web.templating import HERE, environment


def test_markup_is_told_as_text():
    made = environment().from_string('<p title="{{ x }}">{{ x }}</p>').render(x="\"><script>alert('1')</script>")
    assert (
        made
        == '<p title="&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;">&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</p>'
    )


def test_a_value_that_is_missing_is_a_bug_and_not_nothing():
    with pytest.raises(UndefinedError):
        environment().from_string("{{ x }}").render()


def test_no_template_turns_it_off():
    for template in (HERE / "templates").glob("*.html"):
        text = template.read_text()
        assert "safe" not in text.replace("viewport", "")
        assert "autoescape" not in text
