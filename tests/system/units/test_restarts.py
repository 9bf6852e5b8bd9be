"""Programs are replaced under load: nobody is refused, nothing is lost."""

import json
import threading
import time

from tests.system import booted
from tests.system.booted import Machine, ask, wait_until
from tests.system.booted_service import (
    PROXIED,
    SITE,
    STREAMS,
    all_subjects,
    listed,
    mail_load,
    main_pid,
    new_mailbox,
    page_load,
    send,
)


def test_reloading_the_worker_defers_nothing(server: Machine, key: str) -> None:
    box, before = new_mailbox(server, key), main_pid(server, "worker")
    with mail_load(server, box["address"]) as outcome:
        for _ in range(3):
            server.systemctl("reload", "tempmail-worker.service")
            time.sleep(2)
    assert set(outcome["results"]) == {"250"}
    assert main_pid(server, "worker") == before
    subjects = sorted(outcome["subjects"])
    wait_until(lambda: len(all_subjects(server, box)) >= len(subjects), "all mail")
    assert sorted(all_subjects(server, box)) == subjects


def test_restarting_the_worker_refuses_no_connection_and_loses_nothing(
    server: Machine, key: str
) -> None:
    box = new_mailbox(server, key)
    with mail_load(server, box["address"]) as outcome:
        for _ in range(2):
            server.systemctl("restart", "tempmail-worker.service")
            time.sleep(1)
    print("answers:", outcome["results"])
    # at worst a sender hears "later" for one that waited longer than smtpd(8) does
    assert set(outcome["results"]) <= {"250", "451"}
    subjects = sorted(outcome["subjects"])
    wait_until(lambda: len(all_subjects(server, box)) >= len(subjects), "all mail")
    assert sorted(all_subjects(server, box)) == subjects


def test_restarting_site_and_streams_refuses_no_request(server: Machine) -> None:
    with page_load(server, {SITE: "/about", STREAMS: "/livez"}) as results:
        for _ in range(2):
            server.systemctl("restart", "tempmail-site.service", "tempmail-streams.service")
            time.sleep(1)
    assert set(results) == {"200"}
    assert results["200"] > 20


def test_whoever_waits_is_told_to_ask_again_when_the_streams_restart(
    server: Machine, key: str
) -> None:
    box = new_mailbox(server, key)
    headers = {"Authorization": f"Bearer {box['token']}", **PROXIED}
    urls = ("/api/emails/me?wait=55", "/api/events/me")
    answers: dict[str, tuple[int, bytes]] = {}

    def wait(url: str) -> None:
        answers[url] = ask(server.path(STREAMS), "GET", url, "", headers)

    threads = [threading.Thread(target=wait, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    time.sleep(3)
    assert answers == {}
    server.systemctl("restart", "tempmail-streams.service")
    for thread in threads:
        thread.join(timeout=booted.SECONDS)
    assert {url: status for url, (status, _) in answers.items()} == dict.fromkeys(urls, 200)
    assert json.loads(answers[urls[0]][1])["items"] == []


def test_another_release_is_taken_by_a_reload(server: Machine, key: str) -> None:
    """The link `current` leads elsewhere: the worker's new program is the one of the new release."""
    server.run("cp", "-a", "/opt/tempmail/releases/first", "/opt/tempmail/releases/second")
    server.run("ln", "-sfn", "releases/second", "/opt/tempmail/current")
    server.systemctl("reload", "tempmail-worker.service")
    second = "/opt/tempmail/releases/second/delivery"
    server.run("sh", "-c", f"sed -i 's/worker runs/second release runs/' {second}/supervisor.py")
    server.systemctl("reload", "tempmail-worker.service")
    log = "/var/log/tempmail/worker/worker.log"
    wait_until(lambda: "second release runs" in server.run("cat", log), "the new release")
    box = new_mailbox(server, key)
    assert send(server, box["address"]) == "250"
    assert listed(server, box, "&wait=55")
    server.run("ln", "-sfn", "releases/first", "/opt/tempmail/current")
    server.systemctl("reload", "tempmail-worker.service")


def test_rights_are_granted_anew_while_all_serve(server: Machine, key: str) -> None:
    box = new_mailbox(server, key)
    roles = "/opt/tempmail/current/deploy/postgresql/roles.sql"
    psql = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "tempmail", "-f", roles)
    with mail_load(server, box["address"]) as outcome, page_load(server, {SITE: "/"}) as pages:
        for _ in range(5):
            server.run("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *psql)
    assert set(outcome["results"]) == {"250"}
    assert set(pages) == {"200"}
