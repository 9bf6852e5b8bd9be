"""/metrics, for Prometheus: what processes counted, and how the service stands now (docs/metrics.md)."""

import hmac
import ipaddress
import logging
import time
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db import Error, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from delivery import protocol
from mailboxes.services import figures
from mailboxes.services import metrics as counted

logger = logging.getLogger(__name__)

# What a proxy adds. Such a request comes from wherever, also when its peer is on this host.
_FORWARDED = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"),
    *("HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA"),
)
_TIMEOUT = 2.0  # seconds
_POSTFIX = "Sums of Postfix's log since its counts began; it is counted every five minutes."


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever has the token; where there is none, programs on this host. To all others there is no such page."""
    if not may_read(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: HttpRequest) -> bool:
    """Tell whether this client may: by its token, or by its own address, never by one that a header names."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if any(name in request.META for name in _FORWARDED):
        return False
    return _is_loopback(str(request.META.get("REMOTE_ADDR", "")))


def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        began = time.monotonic()
        yield from counted.collect()
        database = figures.database()
        yield from _servers(database)
        yield from _postfix()
        failed = 0
        for family in _OF_DATABASE:
            try:
                if (
                    not database.is_up
                ):  # each would wait as long again, and Prometheus waits for 10 s
                    raise OperationalError
                yield from family()
            except Error:
                failed += 1
        yield _gauge("tempmail_figures_failed", "Figures that could not be asked for.", failed)
        took = time.monotonic() - began
        yield _gauge("tempmail_metrics_duration_seconds", "How long making this page took.", took)


def _gauge(name: str, words: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _stored() -> Iterable[Metric]:
    now = figures.stored()
    yield _gauge("tempmail_mailboxes_live", "Mailboxes that live.", now.mailboxes)
    yield _gauge("tempmail_messages_stored", "Messages in mailboxes that live.", now.messages)
    yield _gauge("tempmail_messages_stored_bytes", "Their bytes, as they came.", now.bytes)


def _overdue() -> Iterable[Metric]:
    now = figures.overdue()
    yield _gauge("tempmail_purge_overdue_mailboxes", "Ended, and not purged yet.", now.mailboxes)
    yield _gauge(
        "tempmail_purge_lag_seconds", "How long the oldest of them has been over.", now.lag
    )


def _canary() -> Iterable[Metric]:
    last = figures.canary()
    if last.last_passed_at is not None:
        at = last.last_passed_at.timestamp()
        yield _gauge(
            "tempmail_canary_last_arrival_timestamp_seconds", "Last own mail that came.", at
        )
        yield _gauge(
            "tempmail_canary_last_round_trip_seconds", "How long it took.", last.round_trip
        )


def _database_size() -> Iterable[Metric]:
    if (size := figures.database_bytes()) is not None:
        yield _gauge("tempmail_database_size_bytes", "The database on its disk.", size)


def _servers(database: figures.Probe) -> Iterable[Metric]:
    up = GaugeMetricFamily("tempmail_up", "Whether it answers (1) or not (0).", labels=["server"])
    took = GaugeMetricFamily(
        "tempmail_server_answer_seconds", "How long its answer took.", labels=["server"]
    )
    probes = {"database": database, "redis": figures.redis()}
    if settings.SMTP != "elsewhere":
        probes["delivery"] = _delivery()
    for name, probe in probes.items():
        up.add_metric([name], float(probe.is_up))
        took.add_metric([name], probe.seconds)
    yield from (up, took)


def _delivery() -> figures.Probe:
    began = time.monotonic()
    is_up = protocol.ping(str(settings.DELIVERY_SOCKET), _TIMEOUT)
    return figures.Probe(is_up, time.monotonic() - began)


def _postfix() -> Iterable[Metric]:
    """Postfix's own figures. Reasons come from the fixed list of postfix.log_counts."""
    counts = figures.mail_counts()
    families = {
        "rejected": CounterMetricFamily("tempmail_postfix_rejects", _POSTFIX, labels=["reason"]),
        "limited": CounterMetricFamily("tempmail_postfix_limited", _POSTFIX, labels=["limit"]),
        "sessions": CounterMetricFamily(
            "tempmail_postfix_sessions_broken", _POSTFIX, labels=["how"]
        ),
        "deliveries": CounterMetricFamily(
            "tempmail_postfix_deliveries", _POSTFIX, labels=["status"]
        ),
        "complaints": CounterMetricFamily(
            "tempmail_postfix_complaints", _POSTFIX, labels=["level"]
        ),
        "messages": CounterMetricFamily("tempmail_postfix_messages", _POSTFIX, labels=["result"]),
        "recipients": CounterMetricFamily(
            "tempmail_postfix_recipients", _POSTFIX, labels=["result"]
        ),
        "tls": CounterMetricFamily("tempmail_postfix_tls_handshakes", _POSTFIX, labels=["result"]),
    }
    for kind, family in families.items():
        for label, value in _by_second_word(counts, kind).items():
            family.add_metric([label], value)
        yield family
    for name in ("connects", "sessions"):
        yield CounterMetricFamily(f"tempmail_postfix_{name}", _POSTFIX, value=counts.get(name, 0))
    words = "Lines of programs that send mail elsewhere: there are none, so this stays 0."
    yield CounterMetricFamily("tempmail_outbound_attempts", words, value=counts.get("outbound", 0))
    if at := figures.mail_counts_at():
        words = "When Postfix's log was last counted."
        yield _gauge("tempmail_postfix_counted_timestamp_seconds", words, at.timestamp())


def _by_second_word(counts: dict[str, int], kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in counts.items():
        first, _, rest = name.partition(":")
        if first == kind and rest:
            label = rest.partition(":")[0]
            found[label] = found.get(label, 0) + value
    return found


_OF_DATABASE = (_stored, _overdue, _canary, _database_size)
