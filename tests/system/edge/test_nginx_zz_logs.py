"""What nginx writes down, after all that the other tests have asked of it: the last file of this directory."""

import re

from tests.system.edge import boxes, host, place
from tests.system.edge.place import OTHER, OTHER6, THIRD, VISITOR, Place


def test_pages_are_logged_by_name_and_clients_by_network(edge: Place) -> None:
    for unnamed in (
        "/m/abc/",
        "/open",
        "/api/emails/me",
        "/report",
        "/receipt",
        "/nothing",
        "/%61bout",
    ):
        edge.visitor.ask(unnamed)
    edge.visitor.ask("/about?utm=secret")
    edge.visitor6.ask("/faq", source=OTHER6)
    access = edge.host.path("/var/log/nginx/tempmail.access")
    edge.host.wait_until(lambda: any(" faq " in line for line in host.lines(access)), "the line")
    form = re.compile(
        r"\S+ (198\.51\.100\.0|2001:db8:1::|127\.0\.0\.0|::) (GET|HEAD|POST|OTHER) "
        r"(home|about|faq|privacy|terms|developers|status|reference|admin) \d{3} \d+ \d+\.\d{3}"
    )
    found = host.lines(access)
    assert any(" about " in line for line in found)
    assert [line for line in found if not form.fullmatch(line)] == []


def test_a_wrong_sign_in_of_an_operator_is_one(edge: Place) -> None:
    form = edge.visitor.ask("/admin/login/")
    cookie = form.headers["set-cookie"].partition(";")[0]
    (token,) = re.findall(rb'name="csrfmiddlewaretoken" value="(\w+)"', form.body)
    body = f"csrfmiddlewaretoken={token.decode()}&username=root&password=guess"
    headers = {"Cookie": cookie, "Referer": f"https://{host.SITE}/admin/login/"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    wrong = edge.visitor.ask("/admin/login/", "POST", body=body, headers=headers)
    assert wrong.status == 200
    log = edge.host.path("/run/tempmail/edge/web.log")
    wanted = f" {VISITOR} sign-in"
    edge.host.wait_until(lambda: any(line.endswith(wanted) for line in host.lines(log)), wanted)


def test_offences_are_logged_by_kind(edge: Place) -> None:
    edge.visitor.ask("/.env", source=OTHER)
    edge.visitor.say(f"GET /%zz HTTP/1.1\r\nHost: {host.SITE}\r\n\r\n".encode(), source=OTHER)
    flood = ["--parallel", "--parallel-max", "50", "-o", "/dev/null", "--interface", THIRD]
    place.curl(edge, *flood, f"https://{host.SITE}/metrics?[1-500]")
    log = edge.host.path("/run/tempmail/edge/web.log")
    for kind in ("probe", "malformed", "limited"):
        edge.host.wait_until(lambda kind=kind: f" {kind}\n" in log.read_text(), kind)
    form = re.compile(r"\S+ [0-9a-f:.]+ (limited|malformed|sign-in|probe)")
    assert [line for line in host.lines(log) if not form.fullmatch(line)] == []


def test_no_file_of_the_server_holds_a_token_an_id_or_a_whole_address(
    edge: Place, mailbox: dict[str, str]
) -> None:
    """After all that was asked. The log in memory that fail2ban reads has addresses, and nothing else of these."""
    for path in (f"/m/{mailbox['id']}/", "/open", f"/m/{mailbox['id']}/qr", "/receipt", "/about"):
        edge.visitor.ask(path, headers=boxes.cookie(mailbox))
    edge.visitor.ask(
        f"/{mailbox['token']}?t={mailbox['token']}", headers={"User-Agent": mailbox["token"]}
    )
    edge.visitor.ask(
        f"/%6d/{mailbox['id']}/?{mailbox['token']}", headers={"Referer": mailbox["address"]}
    )
    edge.visitor.say(f"GET /{mailbox['token']}\r\n\r\n".encode())
    searched = 0
    for directory in ("/var/log", "/run/tempmail/edge", "/run/nginx-body", "/var/lib/nginx"):
        for file in [path for path in edge.host.path(directory).rglob("*") if path.is_file()]:
            text = file.read_text(errors="replace")
            searched += 1
            assert not [secret for secret in boxes.ALL if secret in text], file.name
            assert "tmt_" not in text
            if file.name != "web.log":
                assert not re.search(r"198\.51\.100\.[1-9]|2001:db8:1:(5)?:?\w*:*[78]\b", text), (
                    file.name
                )
    assert searched >= 3
    assert (edge.host.scratch / "nginx.out").read_text() == ""


def test_the_logs_in_memory_can_be_emptied_under_nginx(edge: Place) -> None:
    """By the command of the unit; also after nginx has opened its logs anew, as logrotate(8) has it do."""
    unit = (host.DEPLOY / "systemd" / "tempmail-edge-log.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    as_unit = [
        "setpriv",
        "--regid",
        "www-data",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]
    log = edge.host.path("/run/tempmail/edge/web.log")
    for reopen in (False, True):
        if reopen:
            edge.host.run("nginx", "-s", "reopen")
            edge.host.wait_until(
                lambda: log.owner() == "www-data", "nginx has opened its logs anew"
            )
        edge.visitor.ask("/.env", source=OTHER)
        edge.host.wait_until(lambda: host.lines(log), "a line")
        edge.host.run(*as_unit, "--", *command.split())
        assert log.read_bytes() == b""
    edge.visitor.ask("/.env", source=OTHER)
    edge.host.wait_until(lambda: len(host.lines(log)) == 1, "a line after emptying")
