"""The edge under systemd as PID 1: Debian's nginx, fail2ban and nftables with our files, in front of our units."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.server import rendering
from tests import certificates
from tests.system import booted, machine
from tests.system.booted import Machine, wait_until
from tests.system.edge import host

HOST = "localhost"  # what the booted site answers to
VALUES = {**host.VALUES, "SITE_HOST": HOST}
WEB_LOG = "/run/tempmail/edge/web.log"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    booted.needs_booting()
    machine.needs_programs("nginx", "nft", "fail2ban-server", "curl")
    with Machine(tmp_path_factory.mktemp("booted")) as made:
        for place, text in files().items():
            target = made.path(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        key, _, chain = certificate(tmp_path_factory.mktemp("tls")).partition("-----BEGIN CERT")
        made.path("/etc/tempmail/tls").mkdir()
        made.path(VALUES["CERTIFICATE_KEY"]).write_text(key)
        made.path(VALUES["CERTIFICATE"]).write_text("-----BEGIN CERT" + chain)
        with made.path("/etc/nftables.conf").open("a") as main:
            main.write('include "/etc/tempmail/tempmail.nft"\n')
        made.systemctl("daemon-reload")
        made.systemctl("start", "nftables", "nginx", "fail2ban")
        wait_until(lambda: ask(made, "/healthz") == "200", "the site behind nginx")
        yield made


def files() -> dict[str, str]:
    """Every file of the edge, by its place."""
    found = {"/etc/tempmail/tempmail.nft": host.DEPLOY / "nftables" / "tempmail.nft.in"}
    for path in [one for one in (host.DEPLOY / "nginx").rglob("*") if one.is_file()]:
        name = str(path.relative_to(host.DEPLOY / "nginx")).removesuffix(".in")
        place = f"/etc/nginx/{'' if name == 'nginx.conf' else 'tempmail/'}{name}"
        found[place] = path
    for path in (host.DEPLOY / "fail2ban").rglob("*.conf"):
        found[f"/etc/fail2ban/{path.relative_to(host.DEPLOY / 'fail2ban')}"] = path
    texts = {place: text(path) for place, path in found.items()}
    if not list(Path("/usr/lib/python3/dist-packages").glob("systemd")):
        texts["/etc/fail2ban/jail.d/zz-here.conf"] = "[sshd]\nenabled = false\n"
    return texts


def text(path: Path) -> str:
    return rendering.render(path, VALUES) if path.suffix == ".in" else path.read_text()


def certificate(directory: Path) -> str:
    return certificates.make(directory / "both.pem", HOST).read_text()


def ask(server: Machine, path: str) -> str:
    """The status of one request from a connection of its own; 000 where there was none."""
    words = ["-sk", "-o", "/dev/null", "-w", "%{http_code}", f"https://{HOST}{path}"]
    return server.run("curl", *words, check=False).strip()


def test_all_of_it_runs_under_systemd(server: Machine) -> None:
    for unit in ("nginx", "nftables", "fail2ban", "tempmail-edge-log.timer"):
        assert server.shows(unit, "ActiveState") == "active", unit
    assert "tempmail.conf" in server.shows("nginx", "DropInPaths")
    assert "table inet tempmail" in server.run("nft", "list", "tables")
    assert "tempmail-smtp" in server.run("fail2ban-client", "status")


def test_the_units_answer_through_it_with_the_firewall_up(server: Machine) -> None:
    assert [ask(server, path) for path in ("/", "/api/domains", "/static/mailboxes/site.css")] == [
        "200"
    ] * 3
    assert ask(server, "/api/events/me") == "401"  # the streams' process


def test_a_restart_of_the_site_refuses_no_visitor(server: Machine) -> None:
    """Nor does a reload of nginx in the middle of it."""
    statuses: Counter[str] = Counter()
    done = threading.Event()

    def visit() -> None:
        while not done.is_set():
            statuses[ask(server, "/about")] += 1

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for unit in ("tempmail-site", "tempmail-streams"):
        server.systemctl("restart", unit)
        server.systemctl("reload", "nginx")
    wait_until(lambda: statuses.total() > 40, "requests")
    done.set()
    for visitor in visitors:
        visitor.join()
    assert set(statuses) == {"200"}, statuses


def test_nginx_that_died_comes_back(server: Machine) -> None:
    server.systemctl("kill", "--signal=KILL", "nginx")
    wait_until(lambda: ask(server, "/livez") == "200", "nginx")
    assert int(server.shows("nginx", "NRestarts")) >= 1


def test_the_timers_service_empties_what_names_clients(server: Machine) -> None:
    server.systemctl("kill", "--kill-whom=main", "--signal=USR1", "nginx")  # as after logrotate(8)
    log = server.path(WEB_LOG)
    for _ in range(2):
        ask(server, "/wp-login.php")
        wait_until(lambda: log.stat().st_size > 0, "a line")
        server.systemctl("start", "tempmail-edge-log.service")
        assert server.shows("tempmail-edge-log.service", "Result") == "success"
        assert log.stat().st_size == 0


def test_a_reload_of_the_firewall_leaves_it_up(server: Machine) -> None:
    server.systemctl("reload", "nftables")
    server.systemctl("restart", "fail2ban")
    assert "table inet tempmail" in server.run("nft", "list", "tables")
    assert ask(server, "/livez") == "200"
