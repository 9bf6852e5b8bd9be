"""Makes the Grafana dashboard: python -m deploy.monitoring.dashboard > deploy/monitoring/dashboard.json."""

import json
import sys
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 8, 7  # of 24 columns
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_RATE = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: queries with their legends. `unit` is Grafana's word for it."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    stacked: bool = False


def _rate(metric: str, by: str = "") -> str:
    return f"sum {f'by ({by}) ' if by else ''}(rate({metric}[{_RATE}]))"


def _quantiles(metric: str) -> tuple[tuple[str, str], ...]:
    rate = f"sum by (le) (rate({metric}_bucket[{_RATE}]))"
    return tuple(
        (f"histogram_quantile({q}, {rate})", f"p{int(q * 100)}") for q in (0.5, 0.95, 0.99)
    )


ROWS: dict[str, tuple[Panel, ...]] = {
    "Is mail flowing?": (
        Panel("What answers", "bool_on_off", (("tempmail_up", "{{server}}"),)),
        Panel(
            "Messages a second",
            "short",
            ((_rate("tempmail_ingest_messages_total", "result"), "{{result}}"),),
            stacked=True,
        ),
        Panel(
            "Recipients a second, by what became of them",
            "short",
            ((_rate("tempmail_ingest_recipients_total", "result"), "{{result}}"),),
            stacked=True,
        ),
        Panel(
            "From arrival to stored",
            "s",
            _quantiles("tempmail_ingest_age_seconds"),
        ),
        Panel("In the worker", "s", _quantiles("tempmail_ingest_duration_seconds")),
        Panel(
            "In flight, deaths of worker processes",
            "short",
            (
                ("tempmail_ingest_in_flight", "in flight"),
                (f"increase(tempmail_worker_deaths_total[{_RATE}])", "deaths"),
            ),
        ),
        Panel(
            "Queue",
            "short",
            (("sum by (queue) (tempmail_queue_messages)", "{{queue}}"),),
            stacked=True,
        ),
        Panel(
            "Oldest in the queue",
            "s",
            (
                ("tempmail_queue_oldest_age_seconds", "age"),
                ("time() - tempmail_queue_seen_timestamp_seconds", "since it was looked at"),
            ),
        ),
        Panel(
            "The service's own mail",
            "s",
            (
                ("tempmail_canary_last_round_trip_seconds", "last round trip"),
                ("time() - tempmail_canary_last_arrival_timestamp_seconds", "since the last one"),
            ),
        ),
    ),
    "What is refused": (
        Panel(
            "Answers at RCPT a second",
            "short",
            ((_rate("tempmail_smtp_recipients_total", "result"), "{{result}}"),),
            stacked=True,
        ),
        Panel(
            "Time to answer at RCPT", "s", _quantiles("tempmail_smtp_recipient_duration_seconds")
        ),
        Panel(
            "Refused by Postfix in an hour",
            "short",
            (("sum by (reason) (increase(tempmail_postfix_rejects_total[1h]))", "{{reason}}"),),
            stacked=True,
        ),
        Panel(
            "Sessions of Postfix in an hour",
            "short",
            (
                ("increase(tempmail_postfix_connects_total[1h])", "connections"),
                (
                    "sum by (how) (increase(tempmail_postfix_sessions_broken_total[1h]))",
                    "broken: {{how}}",
                ),
                (
                    "sum by (limit) (increase(tempmail_postfix_limited_total[1h]))",
                    "limit: {{limit}}",
                ),
            ),
        ),
        Panel(
            "Attempts to send mail elsewhere",
            "short",
            (("tempmail_outbound_attempts_total", "must stay 0"),),
        ),
        Panel(
            "Complaints of Postfix in an hour",
            "short",
            (("sum by (level) (increase(tempmail_postfix_complaints_total[1h]))", "{{level}}"),),
        ),
    ),
    "What is kept": (
        Panel("Mailboxes that live", "short", (("tempmail_mailboxes_live", "mailboxes"),)),
        Panel("Messages", "short", (("tempmail_messages_stored", "messages"),)),
        Panel(
            "Bytes",
            "bytes",
            (
                ("tempmail_messages_stored_bytes", "messages, as they came"),
                ("tempmail_database_size_bytes", "the database"),
            ),
        ),
        Panel(
            "Purge",
            "s",
            (
                ("tempmail_purge_lag_seconds", "behind by"),
                (
                    "time() - tempmail_task_last_success_timestamp_seconds"
                    '{task="mailboxes.purge_ended_mailboxes"}',
                    "since the last one",
                ),
            ),
        ),
        Panel(
            "Given out and purged a second",
            "short",
            (
                (_rate("tempmail_mailboxes_created_total"), "given out"),
                (_rate("tempmail_purged_mailboxes_total", "reason"), "purged: {{reason}}"),
            ),
        ),
        Panel(
            "Tasks, time a run",
            "s",
            (
                (
                    f"sum by (task) (rate(tempmail_task_duration_seconds_sum[{_RATE}]))"
                    f" / sum by (task) (rate(tempmail_task_duration_seconds_count[{_RATE}]))",
                    "{{task}}",
                ),
            ),
        ),
    ),
    "Site and API": (
        Panel(
            "Requests a second by status",
            "short",
            ((_rate("tempmail_http_request_duration_seconds_count", "status"), "{{status}}"),),
            stacked=True,
        ),
        Panel(
            "Time of pages (p95) by route",
            "s",
            (
                (
                    "histogram_quantile(0.95, sum by (le, route) (rate("
                    'tempmail_http_request_duration_seconds_bucket{route=~"web:.*", route!="web:events"}'
                    f"[{_RATE}])))",
                    "{{route}}",
                ),
            ),
        ),
        Panel(
            "Requests that failed, by route",
            "short",
            (
                (
                    _rate('tempmail_http_request_duration_seconds_count{status=~"5.."}', "route"),
                    "{{route}}",
                ),
            ),
        ),
        Panel(
            "CAPTCHAs a second",
            "short",
            (
                (
                    _rate("tempmail_captcha_verifications_total", "kind, result"),
                    "{{kind}} {{result}}",
                ),
            ),
            stacked=True,
        ),
        Panel(
            "Refused by limits a second",
            "short",
            ((_rate("tempmail_limit_refusals_total", "limit"), "{{limit}}"),),
            stacked=True,
        ),
        Panel("Open event streams", "short", (("tempmail_event_streams_open", "streams"),)),
        Panel("Answer of the servers", "s", (("tempmail_server_answer_seconds", "{{server}}"),)),
        Panel(
            "Webhooks a second",
            "short",
            ((_rate("tempmail_webhook_deliveries_total", "result"), "{{result}}"),),
        ),
        Panel(
            "What this page costs",
            "s",
            (("tempmail_metrics_duration_seconds", "making /metrics"),),
        ),
    ),
}


def made() -> dict[str, Any]:
    """Return the dashboard."""
    return {
        "title": "tempmail",
        "uid": "tempmail",
        "schemaVersion": 38,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "tags": ["tempmail"],
        "annotations": {"list": [_alerts()]},
        "templating": {
            "list": [
                {
                    "name": "source",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "panels": _panels(),
    }


def _alerts() -> dict[str, Any]:
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertstate="firing"}',
        "titleFormat": "{{alertname}}",
    }


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS.items():
        place = {"x": 0, "y": top, "w": 24, "h": 1}
        panels.append({"type": "row", "title": title, "gridPos": place, "collapsed": False})
        top += 1
        for number, panel in enumerate(row):
            column, line = number % 3, number // 3
            place = {"x": column * WIDTH, "y": top + line * HEIGHT, "w": WIDTH, "h": HEIGHT}
            panels.append(_chart(panel, place))
        top += -(-len(row) // 3) * HEIGHT
    return [{"id": number, **panel} for number, panel in enumerate(panels, 1)]


def _chart(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    custom = {"fillOpacity": 10, "showPoints": "never"}
    if panel.stacked:
        custom |= {"fillOpacity": 40, "stacking": {"mode": "normal", "group": "A"}}
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "custom": custom},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        },
        "targets": [
            {
                "refId": chr(65 + number),
                "expr": query,
                "legendFormat": legend,
                "datasource": _SOURCE,
            }
            for number, (query, legend) in enumerate(panel.queries)
        ],
    }


if __name__ == "__main__":
    json.dump(made(), sys.stdout, indent=1)
    sys.stdout.write("\n")
