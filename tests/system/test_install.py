"""deploy/install.sh on a bare Debian: interrupted, finished, run again, upgraded under load, rolled back, removed.

One machine for the whole file, in the order of the file. It is installed without systemd, as an image is built, and
then boots: from there on systemd is its PID 1, and the units run in it as on a server.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests import documented
from tests.system import chroot, installation, machine
from tests.system.chroot import Chroot
from tests.system.installation import install

# What docs/install.md and docs/upgrade.md say to run; what they cannot know here is added.
DRY_RUN, INSTALL, SELF_TEST, UNINSTALL, PURGE = documented.blocks(__file__, "docs/install.md")
UPGRADE, ROLLBACK = documented.blocks(__file__, "docs/upgrade.md")
# 451 is what Postfix says where the worker takes more than 3 s to answer: the sender comes again.
WELL = {"page 200", "mail 250", "mail 451"}
# Of systemd and Postfix, which stay.
_OF_OTHERS = (
    "/var/lib/systemd/",
    "/var/spool/postfix/",
    "/run/systemd/",
    "/run/log/",
    "/var/log/journal/",
)
CUTS = (("packages", 5.0), ("release", 3.0), ("migrations", 0.3), ("static files", 0.3))


@dataclass
class Server:
    """The machine, and what earlier tests have found out about it."""

    chroot: Chroot
    before: set[str] = field(default_factory=set)
    key: str = ""
    first: str = ""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A bare Debian 12 with the checkout in it."""
    machine.needs_bare_machine()
    with chroot.bare("bookworm") as bare:
        installation.bring_tree(bare)
        yield Server(bare, installation.listing(bare))


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(server: Server) -> None:
    done = installation.said(server.chroot, DRY_RUN, *installation.HERE)
    assert "would do  packages: " in done.stdout
    assert "would do  nginx" in done.stdout
    assert installation.listing(server.chroot) == server.before


def test_it_refuses_before_it_changes_anything(server: Server) -> None:
    bad = server.chroot.run(
        f"{installation.TREE}/deploy/install.sh",
        "--domain",
        "no host",
        "--site",
        "http://x",
        check=False,
    )
    assert bad.returncode == 1
    assert "--site is https://HOST" in bad.stderr
    no_dns = server.chroot.run(
        f"{installation.TREE}/deploy/install.sh",
        *("--domain", "mail.example", "--site", "https://mail.example"),
        check=False,
    )
    assert no_dns.returncode == 1
    assert "--skip-dns" in no_dns.stderr
    assert installation.listing(server.chroot) == server.before


def test_a_taken_port_is_named_with_its_program(server: Server) -> None:
    program = "import socket,time; s=socket.create_server(('0.0.0.0', 25)); print('up', flush=True); time.sleep(60)"
    holder = server.chroot.start("python3", "-c", program)
    assert holder.stdout
    assert holder.stdout.readline() == "up\n"
    try:
        done = install(server.chroot, "--dry-run", check=False)
    finally:
        server.chroot.kill(holder)
    assert done.returncode == 1
    assert "port 25 is taken by python3" in done.stderr


def test_an_installation_that_is_killed_again_and_again_is_finished_by_the_next_run(
    server: Server,
) -> None:
    for step, after in CUTS:
        installation.cut_short(server.chroot, INSTALL, step, after)
    done = installation.said(server.chroot, INSTALL, *installation.HERE)
    assert "systemd does not run here" in done.stdout
    server.first = installation.current(server.chroot)
    secrets = server.chroot.run(
        "stat", "-c", "%a %U:%G", "/etc/tempmail/secrets.env"
    ).stdout.strip()
    assert secrets == "640 root:tempmail"


def test_a_second_run_changes_nothing_and_says_so(server: Server) -> None:
    keys = server.chroot.run("cat", "/etc/tempmail/secrets.env").stdout
    listed = installation.listing(server.chroot)
    done = install(server.chroot)
    assert "nothing to change" in done.stdout
    assert "the self-signed one stays" in done.stdout  # there is no Let's Encrypt here
    assert "steps taken" not in done.stdout
    assert server.chroot.run("cat", "/etc/tempmail/secrets.env").stdout == keys
    assert {
        path for path in installation.listing(server.chroot) ^ listed if "/postgresql" not in path
    } == set()


def test_only_what_has_changed_is_reloaded(server: Server) -> None:
    done = install(server.chroot, "--ssh-port", "2222")
    assert re.findall(r"(?m)^reload: (.*)$", done.stdout) == ["reload-firewall"]
    assert "2222" in server.chroot.run("cat", "/etc/tempmail/tempmail.nft").stdout
    assert "nothing to change" in install(server.chroot).stdout


def test_a_broken_configuration_is_not_put_in_place(server: Server) -> None:
    broken = "/srv/broken"
    installation.bring_tree(server.chroot, broken)
    target = server.chroot.path(broken) / "deploy" / "nginx" / "nginx.conf"
    target.write_text(target.read_text().replace("http {", "htttp {"))
    before = server.chroot.run("sha256sum", "/etc/nginx/nginx.conf").stdout
    done = install(server.chroot, tree=broken, check=False)
    assert done.returncode == 1
    assert "htttp" in done.stderr
    assert server.chroot.run("sha256sum", "/etc/nginx/nginx.conf").stdout == before
    assert installation.current(server.chroot) == server.first
    install(server.chroot)  # the static files before it again


def test_users_own_what_they_have_to_and_the_script_nothing(server: Server) -> None:
    found = server.chroot.run(
        *(
            "find",
            "/opt",
            "/etc",
            "/var/lib/tempmail",
            "/run/tempmail",
            "/var/spool/postfix/tempmail",
        ),
        *("-user", "tempmail-script", "-o", "-group", "tempmail-script", "!", "-type", "s"),
    )
    assert found.stdout == ""
    groups = server.chroot.run("id", "-nG", "tempmail-script").stdout.split()
    assert groups == ["tempmail-script"]
    writable = server.chroot.run(
        "find",
        "/opt/tempmail",
        "/etc/tempmail",
        "!",
        "-user",
        "root",
        "-o",
        "-perm",
        "/022",
        "!",
        "-type",
        "l",
    )
    assert writable.stdout == ""


def test_units_are_enabled_and_the_packages_own_redis_is_not(server: Server) -> None:
    for unit in (
        "tempmail.target",
        "tempmail-worker.socket",
        "nginx",
        "postfix",
        "redis-server@tempmail",
    ):
        assert server.chroot.run("systemctl", "is-enabled", unit).stdout.strip() == "enabled", unit
    assert (
        server.chroot.run("systemctl", "is-enabled", "redis-server", check=False).stdout.strip()
        == "disabled"
    )


def test_after_a_boot_all_runs_and_it_passes_its_own_self_test(server: Server) -> None:
    server.chroot.boot()
    assert server.chroot.run("systemctl", "--failed", "--plain", "--no-legend").stdout == ""
    done = installation.said(server.chroot, SELF_TEST)
    assert "a mail came in through port 25 and out through the API" in done.stdout


def test_mail_comes_in_on_port_25_and_out_on_443(server: Server) -> None:
    server.key = server.chroot.run("tempmail-manage", "create_api_key", "tests").stdout.strip()
    address, token = installation.mailbox(server.chroot, server.key)
    installation.send(server.chroot, address, "Hello from outside")
    status, _, text = installation.call(
        server.chroot, "GET", "/api/emails/me/latest?wait=30", token
    )
    assert status == 200
    assert json.loads(text)["subject"] == "Hello from outside"
    status, headers, page = installation.call(server.chroot, "GET", "/")
    assert status == 200
    assert b"<html" in page
    assert "max-age=31536000" in headers["strict-transport-security"]
    style = re.search(rb'href="(/static/[^"]+\.css)"', page)
    assert style
    assert installation.call(server.chroot, "GET", style[1].decode())[0] == 200


def test_milters_say_what_they_found_and_cost_no_mail_when_they_are_gone(server: Server) -> None:
    address, token = installation.mailbox(server.chroot, server.key)
    installation.send(server.chroot, address, "checked")
    assert b"Authentication-Results: mail.example; spf=" in _source_of_latest(server, token)
    server.chroot.run("systemctl", "stop", "opendkim", "opendmarc", "pyspf-milter")
    installation.send(server.chroot, address, "not checked")
    assert b"Authentication-Results" not in _source_of_latest(server, token, "not%20checked")


def _source_of_latest(server: Server, token: str, subject: str = "checked") -> bytes:
    path = f"/api/emails/me/latest?wait=30&subject={subject}"
    status, _, text = installation.call(server.chroot, "GET", path, token)
    assert status == 200
    path = f"/api/email/{json.loads(text)['id']}/raw"
    return installation.call(server.chroot, "GET", path, token)[2]


def test_no_disk_of_it_names_anybody(server: Server) -> None:
    address, token = installation.mailbox(server.chroot, server.key)
    installation.send(server.chroot, address, "Nobody writes this down")
    assert installation.call(server.chroot, "GET", "/api/emails/me/latest?wait=30", token)[0] == 200
    server.chroot.run("journalctl", "--sync")
    _found_nowhere(server, ("/var", "/etc", "/opt", "/root"), address, token)
    told = ("a@example.org", "sender.example.org", "Nobody writes this down", chroot.ADDRESS)
    _found_nowhere(server, ("/var",), *told)
    journal = server.chroot.run("journalctl", "--no-pager", "--output", "json").stdout
    assert [word for word in (address, token, *told) if word in journal] == []


def _found_nowhere(server: Server, places: tuple[str, ...], *words: str) -> None:
    patterns = [part for word in words for part in ("-e", word)]
    done = server.chroot.run("grep", "-rlaF", *patterns, *places, check=False)
    assert (done.stdout, done.returncode) == ("", 1), done.stderr


def test_the_firewall_and_the_bans_are_there(server: Server) -> None:
    assert "table inet tempmail" in server.chroot.run("nft", "list", "tables").stdout
    assert "tempmail-smtp" in server.chroot.run("fail2ban-client", "status").stdout


def test_mail_for_others_is_refused(server: Server) -> None:
    with pytest.raises(Exception, match="554"):
        installation.send(server.chroot, "somebody@example.org", "relayed")


def test_the_doctor_finds_no_fault_that_is_of_the_installation(server: Server) -> None:
    done = server.chroot.run("tempmail-manage", "doctor", "--json", check=False)
    report = json.loads(done.stdout)
    faults = {
        each["check"]: each["words"] for each in report["findings"] if each["level"] == "fault"
    }
    # this machine has no network, an example's name and a self-signed certificate
    not_ours = ("dns.", "certificates.", "clock.", "names.placeholders", "site.answers")
    there = {name: words for name, words in faults.items() if not name.startswith(not_ours)}
    assert there == {}


def test_an_upgrade_refuses_no_connection_and_loses_no_mail(server: Server) -> None:
    address, token = installation.mailbox(server.chroot, server.key)
    installation.bring_tree(server.chroot, "/srv/next", version="2")
    crowd = installation.Crowd(server.chroot, address)
    with crowd.going_on():
        done = installation.said(server.chroot, UPGRADE, "--skip-dns", tree="/srv/next")
    assert "installed: https://mail.example" in done.stdout
    assert installation.current(server.chroot) not in {server.first, ""}
    assert set(crowd.answers) <= WELL, crowd.answers
    _all_are_there_once(server, token, crowd)


def test_a_rollback_brings_the_release_before_back_in_the_same_way(server: Server) -> None:
    address, token = installation.mailbox(server.chroot, server.key)
    crowd = installation.Crowd(server.chroot, address)
    with crowd.going_on():
        installation.said(server.chroot, ROLLBACK, tree="/srv/next")
    assert installation.current(server.chroot) == server.first
    assert set(crowd.answers) <= WELL, crowd.answers
    _all_are_there_once(server, token, crowd)


def test_removed_it_leaves_what_it_says_and_installed_again_the_mail_is_there(
    server: Server,
) -> None:
    address, token = installation.mailbox(server.chroot, server.key)
    installation.send(server.chroot, address, "kept")
    assert installation.call(server.chroot, "GET", "/api/emails/me/latest?wait=30", token)[0] == 200
    done = installation.said(server.chroot, UNINSTALL)
    assert "stays: the database tempmail" in done.stdout
    assert "tempmail" not in server.chroot.run("nft", "list", "tables").stdout
    assert not server.chroot.path("/opt/tempmail").exists()
    install(server.chroot)
    status, _, text = installation.call(server.chroot, "GET", "/api/emails/me/latest", token)
    assert status == 200
    assert json.loads(text)["subject"] == "kept"


def test_purged_nothing_of_it_is_left_but_packages(server: Server) -> None:
    done = installation.said(server.chroot, PURGE)
    assert "apt-get purge" in done.stdout
    left = {
        path for path in installation.listing(server.chroot) - server.before if "tempmail" in path
    }
    assert {path for path in left if not path.startswith(_OF_OTHERS)} == set()
    assert "tempmail" not in server.chroot.run("getent", "passwd").stdout
    assert server.chroot.run(
        "setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups",
        "psql", "-AtXc", "SELECT datname FROM pg_database WHERE datname = 'tempmail'",
    ).stdout == ""  # fmt: skip


def _all_are_there_once(server: Server, token: str, crowd: installation.Crowd) -> None:
    last = "the last one"
    assert crowd.accepted
    installation.send(server.chroot, crowd.recipient, last)
    status, _, _ = installation.call(
        server.chroot,
        "GET",
        f"/api/emails/me/latest?wait=55&subject={last.replace(' ', '%20')}",
        token,
    )
    assert status == 200
    found = installation.subjects(server.chroot, token)
    assert {subject: found[subject] for subject in crowd.accepted} == dict.fromkeys(
        crowd.accepted, 1
    )
