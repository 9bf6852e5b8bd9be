"""Everything is stopped, and started again. The last of these files: the others need what it stops."""

from tests.system.booted import Machine, ask, wait_until
from tests.system.booted_service import SITE


def test_stopping_everything_leaves_no_process(server: Machine) -> None:
    sockets = ("tempmail-site.socket", "tempmail-streams.socket")
    workers = (
        "tempmail-worker.socket",
        "tempmail-worker-policy.socket",
        "tempmail-worker-lmtp.socket",
    )
    server.systemctl("stop", *sockets, *workers, "tempmail.target")
    for user in ("tempmail-site", "tempmail-worker", "tempmail-tasks"):
        line = ("ps", "-ww", "-o", "args=", "-u", user)
        wait_until(lambda line=line: not server.run(*line, check=False), user)  # type: ignore[misc]
    assert "0 loaded units" in server.systemctl("--failed")
    # and it starts again, sockets first
    server.systemctl("start", "tempmail.target")
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[0] == 200, "the site")
