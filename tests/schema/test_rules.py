"""The alerts of rules files."""

from __future__ import annotations

from steadyhand.schema.rules import alert_names

RULES = """\
groups:
  - name: shop
    interval: 30s
    rules:
      - record: shop:requests:rate5m
        expr: rate(shop_requests_total[5m])
      - alert: ShopDown
        expr: |
          up{job="shop"} == 0
        for: 5m
        labels: {severity: page}
        annotations:
          summary: "Instance {{ $labels.instance }} is down"
          description: '{{ printf "%.2f" $value }} of {{ $labels.job }}'
  - name: db
    rules:
      - alert: PostgresTooManyConnections
        expr: sum(pg_stat_activity_count) > 90
      - {alert: Other, expr: vector(1)}
"""


def test_recording_rules_and_templates_are_passed_over():
    names, problems = alert_names(RULES, "shop.yml")
    assert problems == ()
    assert names == {"ShopDown", "PostgresTooManyConnections", "Other"}


def test_the_operators_resource_holds_the_same_groups():
    indented = "".join(f"  {line}\n" for line in RULES.splitlines())
    text = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: shop}}\nspec:\n{indented}"
    assert "ShopDown" in alert_names(text, "x")[0]


def test_what_is_no_rules_file_raises_nothing():
    for text in ("groups: none\n", "- a\n", "groups: [{rules: [1, {alert: [x]}]}, 3]\n", "a: b\n"):
        assert alert_names(text, "x") == (frozenset(), ())


def test_what_cannot_be_read_is_told():
    names, problems = alert_names("groups: [\n", "x.yml")
    assert names == frozenset()
    assert problems[0].code == "SH001"
