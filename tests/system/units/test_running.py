"""Our units under systemd as PID 1, shut in as on a server: they work, and what is to be gone is gone."""

import json

from tests.system.booted import DOMAIN, Machine, ask, wait_until
from tests.system.booted_service import (
    DAEMONS,
    SITE,
    STREAMS,
    is_active,
    listed,
    main_pid,
    new_mailbox,
    send,
)


def test_everything_runs_and_nothing_has_failed(server: Machine) -> None:
    # the tests of before have restarted and reloaded some of them
    wait_until(lambda: all(is_active(server, unit) for unit in DAEMONS), "all daemons")
    assert "0 loaded units" in server.systemctl("--failed")
    status, body = ask(server.path(STREAMS), "GET", "/healthz")
    assert (status, json.loads(body)["status"]) == (200, "ok")


def test_mail_comes_in_and_is_read(server: Machine, key: str) -> None:
    box = new_mailbox(server, key)
    assert send(server, box["address"], "First") == "250"
    (item,) = listed(server, box, "&wait=55")
    assert item["subject"] == "First"
    assert send(server, f"nobody-here@{DOMAIN}") == "550"
    assert send(server, "somebody@elsewhere.example") == "554"


def test_metrics_of_every_user_add_up(server: Machine, key: str) -> None:
    box = new_mailbox(server, key)
    assert send(server, box["address"]) == "250"
    assert listed(server, box, "&wait=55")
    directory = server.path("/run/tempmail/metrics")

    def owners() -> set[int]:
        return {path.stat().st_uid for path in directory.glob("*.db")}

    wait_until(lambda: len(owners()) == 3, "site, worker and, with the first task, tasks")
    assert {path.stat().st_mode & 0o777 for path in directory.glob("*.db")} == {0o660}


def test_deferred_mail_is_tried_again_by_the_worker_without_new_privileges(
    server: Machine, key: str
) -> None:
    box = new_mailbox(server, key)
    socket = "/var/spool/postfix/tempmail/delivery.sock"
    backoff = ("queue_run_delay=1h", "minimal_backoff_time=1h", "maximal_backoff_time=1h")
    server.run("postconf", "-e", *backoff)
    server.systemctl("restart", "postfix@-.service")
    server.run("chmod", "000", socket)
    assert send(server, box["address"], "Deferred") == "250"
    wait_until(lambda: "deferred" in server.run("postqueue", "-j"), "the deferral")
    server.run("chmod", "660", socket)
    server.systemctl("restart", "tempmail-worker.service")  # a new one asks for what waits
    wait_until(lambda: bool(listed(server, box)), "the mail, for which Postfix would wait an hour")
    log = server.run("cat", "/var/log/tempmail/worker/worker.log")
    # the old one may have asked a Postfix that was just being restarted
    assert "postqueue -f failed" not in log.rpartition("delivery worker runs")[2]
    server.run("postconf", "-X", *(each.partition("=")[0] for each in backoff))


def test_the_queue_is_counted_by_the_worker(server: Machine) -> None:
    names = "tempmail_queue_seen_timestamp_seconds"
    files = server.path("/run/tempmail/metrics")
    wait_until(
        lambda: any(names.encode() in path.read_bytes() for path in files.glob("*.db")), "a count"
    )


def test_what_timers_start_does_its_work(server: Machine) -> None:
    for unit in ("tempmail-purge.service", "tempmail-mail-log.service"):
        server.systemctl("start", unit)
        assert server.shows(unit, "Result") == "success"
    counts = server.path("/var/lib/tempmail/mail-counts.json")
    assert json.loads(counts.read_text())["connects"] > 0
    assert counts.stat().st_mode & 0o777 == 0o640
    site = server.path(f"/proc/{main_pid(server, 'site')}").stat()
    assert counts.stat().st_gid == site.st_gid
    assert server.path("/run/tempmail/mail-log/mail.log").stat().st_size < 100_000
    for timer in ("tempmail-purge.timer", "tempmail-mail-log.timer"):
        assert server.shows(timer, "ActiveState") == "active"
    assert server.path("/var/lib/tempmail/beat").stat().st_uid != 0
    assert list(server.path("/var/lib/tempmail/beat").iterdir())


def test_logs_are_turned_over_by_their_own_users(server: Machine) -> None:
    server.run(
        "cp",
        "/opt/tempmail/current/deploy/logrotate/tempmail-server.conf",
        "/etc/logrotate.d/tempmail",
    )
    said = server.run("logrotate", "--force", "--verbose", "/etc/logrotate.d/tempmail")
    assert "error" not in said.replace("error.log", ""), said
    assert list(server.path("/var/log/tempmail/site").glob("site.log-*"))
    ask(server.path(SITE), "GET", "/about")
    log = server.path("/var/log/tempmail/site/site.log")
    wait_until(lambda: log.exists() and log.stat().st_size > 0, "a line in the new log")
    assert log.stat().st_uid == next(log.parent.glob("site.log-*")).stat().st_uid


def test_no_statement_reaches_a_log_and_nothing_of_redis_a_disk(server: Machine) -> None:
    """Not when it fails, nor when its process crashes; not when Redis ends, nor when it is told to save."""
    word, database = "quokka-in-a-statement", ("-X", "-q", "-A", "-t", "-d", "tempmail", "-c")
    psql = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "psql", *database)
    assert word in server.run(*psql, f"SELECT '{word}'::int", check=False)
    sleeping = " ".join(psql) + f" \"SELECT pg_sleep(600), '{word}'\" > /dev/null 2>&1 &"
    server.run("sh", "-c", sleeping)
    asked = (
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    )
    wait_until(lambda: bool(server.run(*psql, asked).strip()), "the statement")
    server.run("kill", "-SEGV", server.run(*psql, asked).strip())
    logs = ("sh", "-c", "cat /var/log/postgresql/*.log")
    wait_until(lambda: "terminated by signal 11" in server.run(*logs), "the crash in the log")
    redis = ("redis-cli", "-s", "/run/redis-tempmail/redis.sock")
    server.run(*redis, "SET", word, word, "EX", "600")
    server.run(*redis, "SAVE")
    server.systemctl("restart", "redis-server@tempmail.service")
    disk = "find /etc /opt /var/lib /var/log -xdev -name '*.rdb' -o -name '*.aof*' 2>/dev/null"
    assert server.run("sh", "-c", disk, check=False) == ""
    assert server.run("grep", "-rl", word, "/var/log", "/var/lib/redis", check=False) == ""
    assert word not in server.run("journalctl", "--no-pager")
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[1].count(b'"ok"') == 4, "all well")
