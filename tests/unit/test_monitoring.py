"""Alerts, dashboard and runbook name what there is: every metric, every label, every value of it, every section."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from deploy.monitoring import dashboard
from mailboxes.services import figures, metric_kinds, metrics
from mailboxes.services.metric_kinds import CODE
from postfix import log_counts

DIRECTORY = Path(settings.BASE_DIR) / "deploy" / "monitoring"
ALERTS = [
    rule
    for group in yaml.safe_load((DIRECTORY / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DIRECTORY / "dashboard.json").read_text())
QUERIES = {
    **{rule["alert"]: rule["expr"] for rule in ALERTS},
    **{
        f"{panel['title']}: {target['legendFormat']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    },
}
# Of Prometheus itself, and what it adds to every metric.
OTHERS = {"up": {"job"}, "ALERTS": {"alertstate"}}
ADDED = {"job", "instance"}
SELECTOR = re.compile(r"\b((?:tempmail_|up\b|ALERTS\b)\w*)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|on|without) \(([^)]*)\)")


Known = dict[str, dict[str, set[str]]]
_known: Known = {}


@pytest.fixture
def known(db, tmp_path, settings) -> Known:
    """Every sample of /metrics with its labels, and of each label the values that there can be ({}: of our code)."""
    if not _known:
        _known.update(_look(tmp_path, settings))
    return _known


def _look(tmp_path, settings) -> Known:
    sums = [
        *("connects", "sessions", "outbound", "sessions:lost", "limited:connection_rate"),
        *(f"rejected:{reason}:x" for reason in (*log_counts.REASONS.values(), "other")),
        *(f"complaints:{level}" for level in ("warning", "error", "fatal", "panic")),
        *("deliveries:stored", "messages:accepted", "recipients:refused", "tls:accepted"),
    ]
    (tmp_path / figures.MAIL_COUNTS).write_text(json.dumps(dict.fromkeys(sums, 1)))
    settings.DATA_DIR = tmp_path
    figures.forget()
    found: Known = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(Client().get("/metrics").content.decode()):
        for sample in family.samples:
            found[sample.name] |= {}
            for name, value in sample.labels.items():
                found[sample.name][name].add(value)
    for number in metric_kinds.defined.values():
        suffixes = ("_bucket", "_count", "_sum") if number.type == "histogram" else (number.suffix,)
        for suffix in suffixes:
            labels = {name: set(values) for name, values in number.labels.items()}
            found[number.name + suffix] |= labels
            if suffix == "_bucket":
                found[number.name + suffix]["le"] = set()
    # nobody ran a trial here
    found["tempmail_canary_last_arrival_timestamp_seconds"] |= {}
    found["tempmail_canary_last_round_trip_seconds"] |= {}
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_each_query_names_metrics_labels_and_values_that_exist(query, known):
    selectors = SELECTOR.findall(query)
    assert selectors
    labels: set[str] = set(ADDED)
    for name, matchers in selectors:
        assert name in known or name in OTHERS, name
        labels |= set(known[name]) if name in known else OTHERS[name]
        for label, operator, value in MATCHER.findall(matchers):
            assert label in labels, f"{name} has no label {label}"
            values = known.get(name, {}).get(label)
            if values:
                is_met = any(
                    re.fullmatch(value, each) if "~" in operator else value == each
                    for each in values
                )
                assert is_met, f"{label} of {name} is never {value}"
    for group in GROUPING.findall(query):
        assert {each.strip() for each in group.split(",")} <= labels


def test_there_is_a_panel_or_an_alert_for_every_metric(known):
    used = {name for query in QUERIES.values() for name, _ in SELECTOR.findall(query)}
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used}
    # what the dashboard leaves to whoever looks closer
    left = {
        *("tempmail_ingest_bytes", "tempmail_ingest_partial", "tempmail_purged_messages"),
        *("tempmail_purged_bytes", "tempmail_canary_round_trip_seconds"),
    }
    counted = {number.name + number.suffix for number in metric_kinds.defined.values()}
    assert counted - families == {name + metric_kinds.defined[name].suffix for name in left}


def test_each_alert_has_a_test_both_ways():
    tests = yaml.safe_load((DIRECTORY / "alerts_test.yml").read_text())["tests"]
    raised = defaultdict(set)
    for test in tests:
        for rule_test in test["alert_rule_test"]:
            raised[rule_test["alertname"]].add(bool(rule_test["exp_alerts"]))
    assert raised == {rule["alert"]: {True, False} for rule in ALERTS}


def test_each_alert_says_whom_it_wakes_and_has_a_section_of_the_runbook():
    runbook = (Path(settings.BASE_DIR) / "docs" / "runbook.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", runbook, re.MULTILINE | re.DOTALL))
    assert list(sections) == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        text = sections[rule["alert"]]
        assert all(word in text for word in ("**Means.**", "**Look.**", "**Do.**")), rule["alert"]


def test_each_command_of_the_runbook_is_one_of_ours():
    runbook = (Path(settings.BASE_DIR) / "docs" / "runbook.md").read_text()
    named = set(re.findall(r"`manage\.py (\w+)", runbook))
    assert named
    assert named <= set(get_commands())


def test_the_dashboard_is_the_one_that_its_program_makes():
    assert dashboard.made() == DASHBOARD
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert ids == sorted(set(ids))


def test_every_metric_is_explained():
    text = (Path(settings.BASE_DIR) / "docs" / "metrics.md").read_text()
    rows = set(re.findall(r"`(tempmail_\w+)`", text))
    page = Client().get("/metrics").content.decode()
    shown = set(re.findall(r"^# HELP (\S+) ", page, re.MULTILINE))
    assert shown <= rows
    assert len(metric_kinds.defined) > 20


test_every_metric_is_explained = pytest.mark.django_db(test_every_metric_is_explained)


def test_every_metric_has_a_name_with_its_unit_and_labels_of_fixed_values():
    for number in metric_kinds.defined.values():
        assert re.fullmatch(r"tempmail_[a-z_]+", number.name)
        assert not number.name.endswith(("_total", "_count", "_ms", "_minutes", "_milliseconds"))
        assert number.help.endswith(".") or number.help.endswith("why.")
        for name, values in number.labels.items():
            open_to_names = values is CODE
            assert open_to_names is (name in {"route", "task", "limit"}), (number.name, name)
    assert metrics.HTTP_SECONDS.labels["status"][0] == "200"
