"""nginx as an installed server has it, in front of the real site: what it serves, and to whom."""

import json
import re
import ssl

import pytest

from mailboxes.rules import domain_records
from tests.system.edge import boxes, host, place
from tests.system.edge.host import DOMAIN, MX, SITE
from tests.system.edge.place import OTHER, SERVER, THIRD, VISITOR, VISITOR6, Place

HSTS = "max-age=31536000; includeSubDomains; preload"


def test_its_configuration_is_right_and_has_no_warning(edge: Place) -> None:
    checked = edge.host.run("nginx", "-t")
    assert "successful" in checked.stderr
    # Debian 13's nginx would like it in another way, which Debian 12's does not know.
    known = 'the "listen ... http2" directive is deprecated'
    warnings = [line for line in checked.stderr.splitlines() if "[warn]" in line]
    assert [line for line in warnings if known not in line] == []


def test_pages_come_over_http_2_and_1_1_and_1_0(edge: Place) -> None:
    for version, number in (("--http2", "2"), ("--http1.1", "1.1"), ("--http1.0", "1.1")):
        said = place.curl(
            edge, version, "-o", "-", "-w", "\n%{http_version} %{http_code}", f"https://{SITE}/"
        )
        assert said.endswith(f"\n{number} 200")
        assert "<!doctype html>" in said
    assert (
        b" 200 "
        in edge.visitor.say(f"GET / HTTP/1.0\r\nHost: {SITE}\r\n\r\n".encode()).split(b"\r\n")[0]
    )


def test_by_ipv6_too(edge: Place) -> None:
    assert edge.visitor6.ask("/").status == 200


@pytest.mark.parametrize(
    "path", ["/", "/about", "/static/mailboxes/site.css", "/metrics", "/wp-login.php", "/nonsense"]
)
def test_every_answer_says_once_that_it_is_only_for_https(edge: Place, path: str) -> None:
    assert edge.visitor.ask(path).headers["strict-transport-security"] == HSTS


def test_by_http_one_is_led_to_https_and_no_further_name_is_believed(edge: Place) -> None:
    led = edge.visitor.ask("/about?x=1", tls=False)
    assert (led.status, led.headers["location"]) == (301, f"https://{SITE}/about?x=1")


def test_a_token_in_clear_is_refused_not_led_on(edge: Place, mailbox: dict[str, str]) -> None:
    refused = edge.visitor.ask("/api/emails/me", tls=False, headers=boxes.bearer(mailbox))
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("named", [SITE, SERVER, "load-balancer.test"])
def test_health_is_answered_without_tls_and_under_any_name(edge: Place, named: str) -> None:
    alive = edge.visitor.ask("/livez", tls=False, name=named)
    assert (alive.status, alive.body) == (200, b"ok\n")
    # There is no delivery worker here, and it says so: the answer is the site's own.
    assert edge.visitor.ask("/healthz", tls=False, name=named).json["checks"]["redis"] == "ok"
    assert edge.visitor.ask("/livez").status == 200


def test_pages_of_other_origins_may_call_the_api(edge: Place) -> None:
    asks = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    allowed = edge.visitor.ask("/api/generate", "OPTIONS", headers=asks)
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, "*")


def test_certbot_can_prove_any_name(edge: Place) -> None:
    edge.host.write("/var/lib/tempmail/acme/.well-known/acme-challenge/word", "word.key")
    for named in (SITE, MX, f"mta-sts.{DOMAIN}"):
        found = edge.visitor.ask("/.well-known/acme-challenge/word", tls=False, name=named)
        assert (found.status, found.body) == (200, b"word.key")


def test_the_policy_of_mta_sts_is_the_one_that_the_domain_doctor_asks_for(edge: Place) -> None:
    found = edge.visitor.ask("/.well-known/mta-sts.txt", name=f"mta-sts.{DOMAIN}")
    assert (found.status, found.headers["content-type"]) == (200, "text/plain")
    policy = domain_records.parse_policy(found.body)
    assert domain_records.judge_policy(policy, [MX], "").code == "enforced"
    assert found.body.decode().strip() in domain_records.sts(DOMAIN, MX, "1")
    assert edge.visitor.ask("/", name=f"mta-sts.{DOMAIN}").status == 404


def test_metrics_are_for_programs_on_this_host_with_the_token(edge: Place) -> None:
    token = f"Authorization: Bearer {host.METRICS_TOKEN}"
    assert edge.visitor.ask("/metrics", headers=dict([token.split(": ")])).status == 404
    here = ["curl", "-s", "-w", "%{http_code}", "http://127.0.0.1:9180/metrics"]
    assert edge.host.run(*here, "-H", token).stdout.endswith("200")
    assert edge.host.run(*here).stdout.endswith("404")
    with pytest.raises(ConnectionRefusedError):
        edge.visitor.connect(9180)


@pytest.mark.parametrize(
    "path", ["/%6detrics", "//metrics", "/x/../metrics", "/./metrics?x", "/metrics/"]
)
def test_no_other_way_to_write_it_leads_to_the_metrics(edge: Place, path: str) -> None:
    token = {"Authorization": f"Bearer {host.METRICS_TOKEN}"}
    found = edge.visitor.ask(path, headers=token)
    assert (found.status, b"tempmail_" in found.body) == (404, False)


def test_tls_is_1_2_or_later(edge: Place) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        only = ssl.create_default_context(cafile=str(edge.host.scratch / "ca.pem"))
        only.minimum_version = only.maximum_version = version
        edge.visitor.secure(context=only).close()
    said = place.run(
        edge.network,
        "client",
        "sh",
        "-c",
        f"openssl s_client -connect {SERVER}:443 -servername {SITE} -tls1_1 -cipher ALL:@SECLEVEL=0 2>&1 </dev/null"
        " || true",
    )
    assert "alert protocol version" in said


def test_weak_ciphers_are_refused(edge: Place) -> None:
    weak = ssl.create_default_context(cafile=str(edge.host.scratch / "ca.pem"))
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("AES128-SHA:ECDHE-ECDSA-AES128-SHA:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"HANDSHAKE_FAILURE|handshake failure"):
        edge.visitor.secure(context=weak)


@pytest.mark.parametrize("named", ["other.test", SERVER, f"www.{SITE}"])
def test_for_other_names_there_is_no_certificate(edge: Place, named: str) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        edge.visitor.secure(named, unverified)


def test_another_host_than_the_one_in_tls_is_misdirected(edge: Place) -> None:
    assert edge.visitor.ask("/", host="other.test").status == 421


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\nHost: other.test\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"nonsense\r\n\r\n"],
)
def test_who_names_nobody_gets_no_page(edge: Place, request_: bytes) -> None:
    said = edge.visitor.say(request_, tls=False)
    assert not said or said.startswith(b"HTTP/1.1 400 ")
    assert SITE.encode() not in said


def test_what_a_client_says_of_itself_never_reaches_the_site(edge: Place, echo: None) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.99", "X-Real-IP": "203.0.113.99", "Forwarded": "for=203.0.113.99",
        "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.test", "Via": "1.1 evil", "Proxy": "evil:1",
        "X_Forwarded_For": "203.0.113.99",
    }  # fmt: skip
    heard = edge.visitor.ask("/about", headers=lies).json
    names = {name.lower(): value for name, value in heard}
    assert names["x-forwarded-for"] == VISITOR
    assert names["x-forwarded-proto"] == "https"
    assert names["host"] == SITE
    assert not re.search(r"203\.0\.113|evil", json.dumps(heard))
    by_six = dict(edge.visitor6.ask("/about").json)
    assert by_six["X-Forwarded-For"] == VISITOR6


def test_the_site_counts_by_that_address(edge: Place) -> None:
    """Wrong tokens are counted for each client: one that is cut off leaves others alone, whatever it says of itself."""
    wrong = {"Authorization": "Bearer tmt_" + "A" * 43}
    codes = [
        edge.visitor.ask(
            "/api/emails/me", headers={**wrong, "X-Forwarded-For": f"203.0.113.{n}"}, source=THIRD
        ).status
        for n in range(40)
    ]
    assert codes[0] == 401
    assert codes[-1] == 429
    assert edge.visitor.ask("/api/emails/me", headers=wrong, source=OTHER).status == 401
