"""What the kernel lets a process of each unit do, and the user of the delivery script."""

import pytest

from tests.system.booted import Machine
from tests.system.booted_service import DAEMONS, SITE, main_pid


@pytest.mark.parametrize("unit", DAEMONS)
def test_a_process_is_shut_in(server: Machine, unit: str) -> None:
    """As the kernel has it, not as the file says it."""
    process = server.path(f"/proc/{main_pid(server, unit)}")
    status = dict(
        line.split(":\t", 1)
        for line in (process / "status").read_text().splitlines()
        if ":\t" in line
    )
    assert int(status["Uid"].split()[0]) != 0
    assert status["NoNewPrivs"] == "1"
    assert status["CapBnd"].strip("0") == status["CapEff"].strip("0") == ""
    assert status["Seccomp"] == "2"  # SECCOMP_MODE_FILTER
    limits = (process / "limits").read_text()
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    devices = (process / "net" / "dev").read_text().splitlines()[2:]
    # the machine itself has no more either: what differs is the name space
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]
    shared = (process / "ns" / "net").readlink() == server.path("/proc/1/ns/net").readlink()
    assert shared is (unit in ("site", "tasks"))


def test_the_workers_processes_have_their_bound_of_memory(server: Machine) -> None:
    """The filter of system calls lets them set it."""
    supervisor = main_pid(server, "worker")
    children = server.path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    assert children
    for child in children:
        limits = server.path(f"/proc/{child}/limits").read_text().splitlines()
        (line,) = [line for line in limits if line.startswith("Max address space")]
        assert line.split()[3] == "1073741824"  # WORKER_MEMORY_LIMIT


def test_a_worker_may_write_where_it_has_to_and_nowhere_else(server: Machine) -> None:
    pid = main_pid(server, "worker")
    enter = ["nsenter", f"--target={pid}", "--mount", "--wd"]
    for place, writable in (
        ("/run/tempmail/metrics", True),
        ("/var/log/tempmail/worker", True),
        ("/tmp", True),
        ("/opt/tempmail", False),
        ("/etc", False),
        ("/var/spool/postfix/tempmail", False),
        ("/var/log/tempmail/site", False),
    ):
        code = server.run("sh", "-c", f"{' '.join(enter)} test -w {place} && echo yes || echo no")
        assert (code.strip() == "yes") is writable, place


def test_the_scripts_user_can_hand_mail_over_and_nothing_else(server: Machine) -> None:
    script = (
        "setpriv",
        "--reuid",
        "tempmail-script",
        "--regid",
        "tempmail-script",
        "--clear-groups",
    )
    sockets = "/var/spool/postfix/tempmail"
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    for name, may in (("delivery", True), ("policy", False), ("lmtp", False)):
        line = (*script, "/usr/bin/python3", "-c", connect, f"{sockets}/{name}.sock")
        assert ("PermissionError" not in server.run(*line, check=False)) is may
    for file in (
        "/etc/tempmail/secrets.env",
        "/run/tempmail/mail-log/mail.log",
        "/var/log/tempmail/site/site.log",
    ):
        assert "ermission denied" in server.run(*script, "cat", file, check=False)
    for socket in ("/run/redis-tempmail/redis.sock", SITE):
        line = (*script, "/usr/bin/python3", "-c", connect, socket)
        assert "PermissionError" in server.run(*line, check=False)
    refused = server.run(*script, "psql", "-h", "/run/postgresql", "tempmail", check=False)
    assert "does not exist" in refused or "authentication failed" in refused
