"""fail2ban with our filters, on lines that the real nginx and the real Postfix wrote, and its bans in the firewall."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from postfix import render
from tests.conftest import running_stack
from tests.system import machine
from tests.system.edge import host, offenders, place
from tests.system.edge.knock import knock
from tests.system.edge.place import (
    NEIGHBOUR6,
    OTHER,
    OTHER6,
    SERVER,
    SERVER6,
    THIRD,
    VISITOR,
    VISITOR6,
    Place,
)
from tests.system.edge.server import Server

FILTERS = host.DEPLOY / "fail2ban" / "filter.d"
PARTS = ("fail2ban.d", "filter.d", "action.d", "jail.d")
WEB_LOG = "/run/tempmail/edge/web.log"


def prepare(server: Server) -> None:
    """nginx without a site, the firewall, and fail2ban with our jails on top of Debian's."""
    server.install_nginx()
    server.start_nginx()
    server.place("nftables/tempmail.nft.in", "/etc/tempmail/tempmail.nft")
    server.run("nft", "-f", "/etc/tempmail/tempmail.nft")
    for part in PARTS:
        for file in sorted((host.DEPLOY / "fail2ban" / part).iterdir()):
            server.place(f"fail2ban/{part}/{file.name}", f"/etc/fail2ban/{part}/{file.name}")
    if server.run("python3", "-c", "import systemd", check=False).returncode:
        # It comes with an installed server; without it fail2ban cannot read the journal, which is not here either.
        server.write("/etc/fail2ban/jail.d/zz-here.conf", "[sshd]\nenabled = false\n")
    server.start("fail2ban", "fail2ban-server", "-xf", "start")
    server.wait_until(lambda: "tempmail-smtp" in status(server), "fail2ban")


def status(server: Server, *jail: str) -> str:
    return server.run("fail2ban-client", "status", *jail, check=False).stdout


@pytest.fixture(scope="module")
def guarded() -> Iterator[Place]:
    with place.place(prepare, "fail2ban-server", "fail2ban-client", "nft") as made:
        yield made


def scan(made: Place, source: str, times: int = 5) -> None:
    visitor = made.visitor6 if ":" in source else made.visitor
    for _ in range(times):
        assert visitor.ask("/wp-login.php", source=source).status == 404


def shut_out(made: Place, name: str) -> str:
    return made.host.run("nft", "list", "set", "inet", "tempmail", name).stdout


def knocks(made: Place, port: int, source: str) -> str:
    with made.network.on("client"):
        return knock(SERVER6 if ":" in source else SERVER, port, source=source)


def test_its_configuration_is_right(guarded: Place) -> None:
    assert guarded.host.run("fail2ban-server", "-t").returncode == 0
    jails = status(guarded.host)
    for jail in ("probe", "limited", "malformed", "sign-in", "smtp"):
        assert f"tempmail-{jail}" in jails


def test_who_scans_is_shut_out_of_the_site_for_a_while(guarded: Place) -> None:
    scan(guarded, OTHER)
    guarded.host.wait_until(lambda: OTHER in shut_out(guarded, "banned_web4"), "the ban")
    assert re.search(rf"{OTHER} timeout 1h expires", shut_out(guarded, "banned_web4"))
    assert knocks(guarded, 443, OTHER) == "silent"
    assert guarded.visitor.ask("/.errors/x", source=THIRD).status == 404
    guarded.host.run("fail2ban-client", "set", "tempmail-probe", "unbanip", OTHER)
    guarded.host.wait_until(lambda: OTHER not in shut_out(guarded, "banned_web4"), "the end")
    assert guarded.visitor.ask("/metrics", source=OTHER).status == 404


def test_by_ipv6_it_is_the_network_of_one_client(guarded: Place) -> None:
    scan(guarded, VISITOR6)
    guarded.host.wait_until(
        lambda: "2001:db8:1::/64" in shut_out(guarded, "banned_web6"), "the ban"
    )
    assert knocks(guarded, 443, NEIGHBOUR6) == "silent"
    assert guarded.visitor6.ask("/metrics", source=OTHER6).status == 404


def test_too_few_are_forgiven(guarded: Place) -> None:
    scan(guarded, THIRD, times=4)
    scan(guarded, OTHER6, times=5)
    guarded.host.wait_until(
        lambda: "2001:db8:1:5::/64" in shut_out(guarded, "banned_web6"), "that of another"
    )
    assert THIRD not in shut_out(guarded, "banned_web4")


def test_it_goes_on_after_its_log_was_emptied(guarded: Place) -> None:
    guarded.host.run("truncate", "--size=0", WEB_LOG)
    scan(guarded, THIRD)
    guarded.host.wait_until(lambda: THIRD in shut_out(guarded, "banned_web4"), "the ban")


def test_nobody_who_was_shut_out_is_on_a_disk(guarded: Place) -> None:
    everywhere = [
        path
        for directory in ("/var/log", "/var/lib", "/run/fail2ban", "/run/tempmail/edge")
        for path in guarded.host.path(directory).rglob("*")
        if path.is_file() and path.name != "web.log"
    ]
    assert everywhere
    for path in everywhere:
        assert not re.search(rf"{OTHER}|{THIRD}|{VISITOR6}".encode(), path.read_bytes()), path.name
    assert guarded.host.path("/run/tempmail/edge/fail2ban.log").exists()


def test_of_smtp_it_is_port_25(guarded: Place, mail_log: str) -> None:
    """The lines of a real Postfix, as if they came from this visitor, and now."""
    offence = next(line for line in mail_log.splitlines() if "127.0.0.1]: GET" in line)
    now = guarded.host.run("date", "+%b %e %T").stdout.strip()
    told = now + offence[15:].replace("127.0.0.1", VISITOR) + "\n"
    with guarded.host.path("/run/tempmail/mail-log/mail.log").open("a") as log:
        log.write(told * 10)
    guarded.host.wait_until(lambda: VISITOR in shut_out(guarded, "banned_smtp4"), "the ban")
    assert guarded.visitor.ask("/metrics").status == 404


# ---- Filters on real lines --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mail_log() -> Iterator[str]:
    """What a real Postfix wrote about each kind of client, and for each its lines are there."""
    machine.needs_root()
    machine.needs_programs("postfix", "fail2ban-regex", "redis-server")
    for stack in running_stack(
        None, UNKNOWN_RECIPIENT_RATE="30", UNLIMITED_CLIENTS="203.0.113.0/24"
    ):
        yield _heard(stack)


def _heard(stack: Stack) -> str:
    log = render.log_file(stack.state_dir)
    stack.postfix.reload(smtpd_error_sleep_time="0s")  # it only slows the test down
    for wanted, offend in {**offenders.OTHERS, **offenders.OFFENCES}.items():
        offend(stack)
        deadline = time.monotonic() + host.DEADLINE
        while wanted not in log.read_text():
            assert time.monotonic() < deadline, wanted
            time.sleep(0.1)
    return log.read_text()


def matched(lines: list[str], name: str, scratch: Path) -> list[str]:
    """Return the lines that a filter matches, as fail2ban-regex(1) says."""
    log = scratch / "lines"
    log.write_text("\n".join(lines) + "\n")
    config = scratch / "config"
    subprocess.run(["cp", "-r", "/etc/fail2ban", str(config)], check=True)
    subprocess.run(["cp", "-r", f"{FILTERS}/.", str(config / "filter.d")], check=True)
    words = ["fail2ban-regex", "-c", str(config), "--print-all-matched", str(log), name]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    told = said.partition("Matched line(s):")[2].partition("Missed line(s):")[0]
    return re.findall(r"^\|  (\S.*)$", told, re.M)


def test_smtp_clients_that_are_no_mail_servers_are_found_and_no_others(
    mail_log: str, tmp_path: Path
) -> None:
    found = matched(mail_log.splitlines(), str(FILTERS / "tempmail-smtp.conf"), tmp_path)
    for offence in offenders.OFFENCES:
        assert any(offence in line for line in found), offence
    for other in offenders.OTHERS:
        assert not any(other in line for line in found), other
    assert len(found) == len(offenders.OFFENCES)


def test_each_kind_of_web_offence_is_found_by_its_jail_alone(
    guarded: Place, tmp_path: Path
) -> None:
    """On lines that nginx wrote; the kinds that need a site are covered by its own line format."""
    guarded.visitor.say(b"GET /%zz HTTP/1.1\r\nHost: mail.edge.test\r\n\r\n")
    place.curl(
        guarded,
        "--parallel",
        "--parallel-max",
        "50",
        "-o",
        "/dev/null",
        f"https://{host.SITE}/metrics?[1-500]",
    )
    log = guarded.host.path(WEB_LOG)
    guarded.host.wait_until(lambda: " limited" in log.read_text(), "a line of each kind")
    lines = [line for line in log.read_text().splitlines() if line]
    lines.append(lines[0].rpartition(" ")[0] + " sign-in")
    for kind in ("probe", "malformed", "limited", "sign-in"):
        (tmp_path / kind).mkdir()
        found = matched(lines, f"tempmail-web[kind={kind}]", tmp_path / kind)
        assert found == [line for line in lines if line.endswith(f" {kind}")] != [], kind
