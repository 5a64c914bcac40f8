"""Which freezes are on."""

from __future__ import annotations

from steadyhand.app.freezes import freezes

from .server import services_in


def test_which_are_on(tmp_path):
    (tmp_path / "steady.yaml").write_text(
        "changes:\n  freezes:\n"
        "    - {reason: always, from: '2020-01-01T00:00:00Z', targets: [db]}\n"
        "    - {reason: over, from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z'}\n"
    )
    assert [(one.reason, on) for one, on in freezes(services_in(tmp_path))] == [("always", True), ("over", False)]
