"""Each setting of Postfix that matters, read back with postconf(1) from the rendered files."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from deploy.local.mail_server import Postfix
from deploy.local.owner import invoking
from postfix import render

LONGEST_SOCKET_PATH = 107  # bytes, unix(7)

SETTINGS = {
    "mynetworks": "",
    "mydestination": "",
    "local_recipient_maps": "",
    "local_transport": "error:5.1.1 there is no local delivery here",
    "relay_domains": "",
    "relay_transport": "discard:receive-only",
    "default_transport": "discard:receive-only",
    "relayhost": "",
    "virtual_mailbox_domains": "static:all",
    "virtual_mailbox_maps": "static:all",
    "virtual_alias_domains": "",
    "virtual_alias_maps": "",
    "virtual_transport": "tempmail",
    "recipient_delimiter": "",
    "local_header_rewrite_clients": "",
    "smtpd_relay_restrictions": "reject_unauth_destination",
    "smtpd_recipient_restrictions": (
        "reject_unauth_destination, reject_unlisted_recipient, check_policy_service "
        "{ unix:tempmail/policy.sock, timeout=1s, try_limit=2, retry_delay=1s, "
        "{ default_action = 451 4.3.0 Temporary lookup failure } }"
    ),
    "smtpd_forbid_bare_newline": "yes",
    "smtpd_forbid_bare_newline_exclusions": "",
    "smtpd_forbid_unauth_pipelining": "yes",
    "smtpd_discard_ehlo_keywords": "dsn, etrn, chunking, silent-discard",
    "disable_vrfy_command": "yes",
    "smtpd_etrn_restrictions": "reject",
    "smtpd_sasl_auth_enable": "no",
    "strict_rfc821_envelopes": "no",
    "enable_long_queue_ids": "yes",
    "message_size_limit": "26214400",
    "queue_minfree": "52428800",
    "smtpd_recipient_limit": "1000",
    "smtpd_soft_error_limit": "10",
    "smtpd_hard_error_limit": "20",
    "smtpd_client_connection_count_limit": "50",
    "smtpd_client_connection_rate_limit": "600",
    "smtpd_client_message_rate_limit": "6000",
    "smtpd_client_recipient_rate_limit": "12000",
    "smtpd_client_event_limit_exceptions": "",
    "smtpd_per_request_deadline": "yes",
    "smtpd_min_data_rate": "500",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_protocols": ">=TLSv1.2",
    "notify_classes": "",
    "delay_warning_time": "0",
    "bounce_queue_lifetime": "0",
    "maximal_queue_lifetime": "259200s",
    "queue_run_delay": "30s",
    "minimal_backoff_time": "30s",
    "maximal_backoff_time": "60s",
    "transport_retry_time": "10s",
    "tempmail_time_limit": "120s",
    "tempmail_destination_recipient_limit": "50",
    "tempmail-lmtp_destination_recipient_limit": "50",
    "lmtp_line_length_limit": "0",
    "lmtp_bind_address": "127.0.0.1",
    "lmtp_bind_address6": "::1",
    "lmtp_bind_address_enforce": "yes",
    "lmtp_dns_support_level": "disabled",
    "lmtp_fallback_relay": "",
    "mime_header_checks": "",
    "nested_header_checks": "",
    "smtpd_milters": "",
    "milter_default_action": "accept",
    "myorigin": "tempmail.test",
    "myhostname": "mx.tempmail.test",
}


@pytest.fixture(scope="module")
def postfix(tmp_path_factory: pytest.TempPathFactory) -> Postfix:
    """A Postfix that is configured, and not started."""
    state = tmp_path_factory.mktemp("state")
    log_file = state / "log" / "mail.log"
    log_file.parent.mkdir()
    server = Postfix(state, log_file, 2525, state / "output", invoking())
    server.prepare()
    server.install(render.render(_values(server)))
    return server


def _values(server: Postfix) -> render.Values:
    return render.Values(
        config_directory=server.config,
        queue_directory=server.spool,
        data_directory=server.state_dir / "lib",
        log_file=server.log_file,
        script=server.state_dir / "bin" / "deliver.py",
        delivery_socket=server.spool / "tempmail" / "delivery.sock",
        policy_socket=server.spool / "tempmail" / "policy.sock",
        hostname="mx.tempmail.test",
        origin="tempmail.test",
        tls_chain_file=server.certificate,
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_read_back(postfix: Postfix, name: str) -> None:
    assert postfix.run("postconf", "-h", name).strip() == SETTINGS[name]


def test_postfix_check_has_nothing_to_complain_of(postfix: Postfix) -> None:
    assert postfix.complaints() == ""


def test_postconf_knows_every_name_and_warns_of_none(postfix: Postfix) -> None:
    for options in (["-n"], ["-M"], ["-P"], []):
        assert "warning:" not in postfix.run("postconf", *options)


def test_every_setting_in_main_cf_has_its_reason_above_it() -> None:
    blocks = (render.TEMPLATES / "main.cf").read_text().split("\n\n")
    settings = [block for block in blocks if re.search(r"^\w+ =", block, re.MULTILINE)]
    assert [block for block in settings if not block.lstrip().startswith("#")] == []


def test_there_is_no_program_that_could_send_and_one_that_listens(postfix: Postfix) -> None:
    services = [line.split() for line in postfix.run("postconf", "-M").splitlines()]
    assert {"smtp", "local", "virtual"}.isdisjoint({words[7] for words in services})
    # lmtp(8) speaks to what virtual_transport names, and nothing else names a next hop.
    assert [words[0] for words in services if words[7] == "lmtp"] == ["tempmail-lmtp"]
    assert postfix.run("postconf", "-h", "transport_maps").strip() == ""
    assert [words[0] for words in services if words[1] == "inet"] == ["127.0.0.1:2525"]


def test_the_transport_runs_the_script_without_flags_that_change_or_bounce(
    postfix: Postfix,
) -> None:
    entry = postfix.run("postconf", "-M", "tempmail/unix")
    assert "flags=" not in entry
    assert "user=nobody:nogroup null_sender= argv=/usr/bin/python3 -I -S -E" in entry
    assert entry.strip().endswith("delivery.sock ${queue_id} ${size} ${sender} ${recipient}")


@pytest.mark.parametrize("client", ["pipe", "lmtp"])
def test_a_permanent_failure_of_a_transport_becomes_a_temporary_one(
    postfix: Postfix, client: str
) -> None:
    table = f"regexp:{postfix.config / 'delivery_status'}"
    assert postfix.run("postconf", "-h", f"{client}_delivery_status_filter").strip() == table
    assert (
        postfix.run("postmap", "-q", "5.3.0 gone for good", table).strip() == "4.3.0 gone for good"
    )
    assert postfix.run("postmap", "-q", "2.0.0 delivered", table).strip() == ""


@pytest.mark.parametrize(
    ("header", "removed"),
    [
        ("Authentication-Results: mx.tempmail.test; dkim=pass", True),
        ('Authentication-Results : ((a) b)\t"mx.tempmail.test"; dkim=pass', True),
        ("authentication-results:\n (forged) MX.tempmail.test 1; dkim=pass", True),
        ("Authentication-Results: mx.tempmail.test.example.org; dkim=pass", False),
        ("Authentication-Results: mxxtempmail.test; dkim=pass", False),
        ("Authentication-Results: example.org; dkim=pass", False),
        ("DKIM-Signature: v=1; d=mx.tempmail.test", False),
    ],
)
def test_only_forged_results_of_our_own_are_removed(
    postfix: Postfix, header: str, removed: bool
) -> None:
    table = f"regexp:{postfix.config / 'header_checks'}"
    assert (postfix.run("postmap", "-q", header, table).strip() == "IGNORE") is removed


def test_paths_of_sockets_are_short_enough() -> None:
    state = Path("/var/lib/tempmail-local") / ("f" * 12)
    longest = state / "spool" / "private" / "proxywrite"
    for path in (
        longest,
        state / "spool" / "tempmail" / "delivery.sock",
        state / "redis" / "redis.sock",
    ):
        assert len(str(path).encode()) <= LONGEST_SOCKET_PATH


@pytest.mark.parametrize("name", ["a b", "a\nb = c", "$(id)", "a,b", "a#b"])
def test_a_value_that_postfix_would_read_otherwise_is_refused(postfix: Postfix, name: str) -> None:
    values = _values(postfix)
    with pytest.raises(ValueError, match="cannot be written"):
        render.render(dataclasses.replace(values, hostname=name))


def test_the_versions_are_ones_that_were_tried() -> None:
    version = subprocess.run(
        ["/usr/sbin/postconf", "-dh", "mail_version"], check=True, capture_output=True, text=True
    ).stdout
    assert tuple(int(part) for part in version.split(".")[:2]) >= (3, 7)
