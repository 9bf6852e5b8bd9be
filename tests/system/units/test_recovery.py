"""What was killed, hangs, or is without its database comes back by itself."""

import time

import pytest

from tests.system.booted import Machine, ask, wait_until
from tests.system.booted_service import (
    DAEMONS,
    SITE,
    STREAMS,
    all_subjects,
    is_active,
    mail_load,
    main_pid,
    new_mailbox,
    page_load,
    send,
)


@pytest.mark.parametrize("unit", DAEMONS)
def test_what_is_killed_comes_back(server: Machine, unit: str) -> None:
    name = f"tempmail-{unit}.service"
    before = main_pid(server, unit)
    server.run("kill", "-9", str(before))
    wait_until(lambda: is_active(server, unit) and main_pid(server, unit) not in (0, before), name)


def test_a_worker_that_hangs_is_ended_by_the_watchdog(server: Machine) -> None:
    unit = "tempmail-worker.service"
    server.run("mkdir", "-p", f"/run/systemd/system/{unit}.d")
    path = f"/run/systemd/system/{unit}.d/short.conf"
    server.run("sh", "-c", f"printf '[Service]\\nWatchdogSec=4\\n' > {path}")
    server.systemctl("daemon-reload")
    server.systemctl("restart", unit)
    before = main_pid(server, "worker")
    time.sleep(10)  # longer than the watchdog waits: it hears of us
    assert main_pid(server, "worker") == before
    server.run("kill", "-STOP", str(before))
    wait_until(lambda: main_pid(server, "worker") not in (0, before), "a new worker")
    assert "Watchdog timeout" in server.run("journalctl", "--no-pager", "-u", unit)
    server.run("rm", path)
    server.systemctl("daemon-reload")
    server.systemctl("restart", unit)


def test_database_and_redis_restart_and_all_recovers(server: Machine, key: str) -> None:
    box = new_mailbox(server, key)
    with mail_load(server, box["address"]) as outcome:
        server.systemctl("restart", "postgresql.service")
        wait_until(lambda: send(server, box["address"], "After") == "250", "mail again")
        server.systemctl("restart", "redis-server@tempmail.service")
    assert set(outcome["results"]) <= {"250", "451"}
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[1].count(b'"ok"') == 4, "all well")
    subjects = [*outcome["subjects"], "After"]
    wait_until(lambda: len(all_subjects(server, box)) >= len(subjects), "all mail")
    assert sorted(all_subjects(server, box)) == sorted(subjects)
    assert {unit: is_active(server, unit) for unit in DAEMONS} == dict.fromkeys(DAEMONS, True)
    # Redis came back empty: beat sends again, and the tasks' worker takes
    line = (
        "redis-cli",
        "-s",
        "/run/redis-tempmail/redis.sock",
        "GET",
        "tempmail:ran:mailboxes.send_webhooks",
    )
    wait_until(lambda: "success" in server.run(*line), "a task")


def test_debians_servers_come_back_when_they_are_killed(server: Machine, key: str) -> None:
    box = new_mailbox(server, key)
    masters = {
        "postgresql": server.run("sh", "-c", "head -1 /run/postgresql/*.pid"),
        "postfix": server.run("cat", "/var/spool/postfix/pid/master.pid"),
        "redis": server.shows("redis-server@tempmail.service", "MainPID"),
    }
    for pid in masters.values():
        server.run("kill", "-9", pid.split()[0])
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[1].count(b'"ok"') == 4, "all well")
    wait_until(lambda: send(server, box["address"], "After") == "250", "mail again")
    wait_until(lambda: all_subjects(server, box) == ["After"], "the mail")


def test_a_database_that_is_away_stops_no_unit(server: Machine) -> None:
    server.systemctl("stop", "postgresql.service", "redis-server@tempmail.service")
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[0] == 503, "that it is noticed")
    server.systemctl("restart", *(f"tempmail-{unit}.service" for unit in DAEMONS))
    server.systemctl("stop", "postgresql.service", "redis-server@tempmail.service")
    time.sleep(5)
    server.systemctl("start", "postgresql.service", "redis-server@tempmail.service")
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[1].count(b'"ok"') == 4, "all well")
    for unit in DAEMONS:
        wait_until(lambda unit=unit: is_active(server, unit), unit)  # type: ignore[misc]


def test_a_release_that_is_broken_is_tried_until_it_is_not(server: Machine) -> None:
    """Under load: each connection asks for the service, and no limit of systemd's closes its socket."""
    link = ("ln", "-sfn")
    current = server.run("readlink", "/opt/tempmail/current").strip()
    with page_load(server, {SITE: "/livez", STREAMS: "/livez"}) as results:
        server.run(*link, "releases/none", "/opt/tempmail/current")
        for unit in ("site", "streams", "worker"):
            server.run("kill", "-9", str(main_pid(server, unit)))
        time.sleep(8)
        server.run(*link, current, "/opt/tempmail/current")
        for unit in DAEMONS:
            wait_until(lambda unit=unit: is_active(server, unit), unit)  # type: ignore[misc]
    # those under way when they were killed may have been cut
    assert set(results) <= {"200", "ConnectionResetError", "RemoteDisconnected"}
    assert results["ConnectionResetError"] + results["RemoteDisconnected"] <= 2
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[1].count(b'"ok"') == 4, "all well")
