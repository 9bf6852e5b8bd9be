"""Process 1 of the mail container: installs the rendered files, keeps master(8), turns its log over. As root.

    python -m deploy.docker.mail_host

master(8) ends with it, and it with master(8): what starts containers decides whether they come back.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from deploy.docker import mail_chain
from deploy.local import mail_log
from postfix import log_counts, own_check, render

RENDERED = Path("/run/rendered")  # by `manage.py render_postfix`, in another container
CONFIG = Path(os.environ.get("POSTFIX_CONFIG_DIR", "/run/postfix"))
LOG = Path(os.environ.get("MAIL_LOG", "/run/mail-log/mail.log"))
COUNTS = Path(os.environ.get("STATE_DIR", "/run/tempmail")) / "metrics" / log_counts.FILE
CHAIN = CONFIG / "chain.pem"
ROUND = 0.5  # seconds between looks
CHAIN_SECONDS = 60  # between looks at the certificate
STOP_SECONDS = 20.0

_asked_to_end = False


def main() -> int:
    """Run until a signal comes or master(8) ends; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    install()
    mail_chain.refresh(CHAIN)
    if complaints := own_check.complaints("postfix", CONFIG, os.environ):
        print("`postfix check` complains:", *complaints, sep="\n    ", file=sys.stderr)
        return 1
    # a session of its own: master(8) signals its process group when it ends
    master = subprocess.Popen([_master(), "-c", str(CONFIG), "-s"], start_new_session=True)
    print("mail: postfix is started", flush=True)
    _keep(master)
    _stop(master)
    return 0 if _asked_to_end else 1


def install() -> None:
    """Take the rendered files over: root's own, where no other container can change them. Raises OSError."""
    CONFIG.chmod(0o755)  # a volume in memory comes open to all
    for name in render.FILES:
        shutil.copyfile(RENDERED / name, CONFIG / name)
        (CONFIG / name).chmod(0o644)
    LOG.parent.chmod(0o700)
    data = Path(_asked("data_directory"))
    data.chmod(0o700)
    shutil.chown(data, "postfix")


def _keep(master: subprocess.Popen[bytes]) -> None:
    turned_over = looked = time.monotonic()
    while not _asked_to_end and not _ended(master):
        time.sleep(ROUND)
        if time.monotonic() - turned_over > mail_log.SECONDS:
            _turn_over()
            turned_over = time.monotonic()
        if time.monotonic() - looked > CHAIN_SECONDS:
            _look_at_chain()
            looked = time.monotonic()


def _ended(master: subprocess.Popen[bytes]) -> bool:
    """Tell whether it has; and bury what its processes left, which is process 1's to do."""
    if master.poll() is not None:
        return True
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if found.si_pid == master.pid:
                return False  # poll() takes it, the next time
            os.waitpid(found.si_pid, 0)
    return False


def _stop(master: subprocess.Popen[bytes]) -> None:
    if master.poll() is None:
        master.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        master.wait(STOP_SECONDS)
    _turn_over()


def _turn_over() -> None:
    with contextlib.suppress(OSError):  # memory is full, say: only counts are lost
        mail_log.turn_over(LOG, COUNTS, lambda made: Path(str(made)).chmod(0o644))


def _look_at_chain() -> None:
    """A certificate that was renewed counts for the next connections: smtpd(8) reads it when it starts."""
    try:
        if mail_chain.refresh(CHAIN):
            subprocess.run(["postfix", "-c", str(CONFIG), "reload"], check=True)
            print("mail: a new certificate", flush=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        print("mail: the certificate cannot be renewed", file=sys.stderr, flush=True)


def _master() -> str:
    return str(Path(_asked("daemon_directory")) / "master")


def _asked(name: str) -> str:
    command = ["postconf", "-c", str(CONFIG), "-xh", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _end(number: int, frame: FrameType | None) -> None:
    global _asked_to_end
    _asked_to_end = True


if __name__ == "__main__":
    sys.exit(main())
