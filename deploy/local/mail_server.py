"""A private Postfix for one instance, below one short directory that its users can reach."""

import grp
import os
import platform
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local import leftovers, ports
from deploy.local.owner import Owner
from deploy.local.processes import Child, StartFailed
from deploy.local.servers import Server, find
from postfix import own_check

SCRIPT = Path(__file__).resolve().parents[2] / "delivery" / "deliver.py"
CHECK_SECONDS = 60


class Postfix(Server):
    """master(8) in the foreground with the configuration in `state_dir`/postfix.

    Raises StartFailed where Postfix cannot run: without root, or not installed.
    """

    def __init__(
        self, state_dir: Path, log_file: Path, port: int, child_log: Path, user: Owner
    ) -> None:
        self.state_dir = state_dir
        self.config = state_dir / "postfix"
        self.spool = state_dir / "spool"
        self.log_file = log_file
        self.port = port
        self.user = user
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}
        command = [str(Path(_daemons()) / "master"), "-c", str(self.config), "-s"]
        self.child = Child("postfix", command, env, self.state_dir, child_log)

    def prepare(self) -> None:
        """Make the directories with their owners, the script's copy and a certificate."""
        for directory in (self.state_dir, self.config, self.spool, self.state_dir / "bin"):
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        _directory(self.state_dir / "lib", 0o700, "postfix")
        # Anybody may connect to a socket in there whose name is known; its own mode decides who talks to the worker.
        _directory(self.spool / "tempmail", 0o711, self.user.uid, self.user.gid)
        _directory(self.log_file.parent, 0o700, "root")
        self._copy_script()
        self._make_certificate()

    @property
    def certificate(self) -> Path:
        """The self-signed key and certificate, for STARTTLS (RFC 3207)."""
        return self.state_dir / "tls" / "chain.pem"

    def install(self, files: Mapping[str, str]) -> None:
        """Write the configuration files, owned by root as Postfix wants them."""
        for name, text in files.items():
            (self.config / name).write_text(text, encoding="ascii")

    def start(self) -> None:
        """Check, start, wait for the greeting. A warning of `postfix check` is an error. Raises StartFailed."""
        if complaints := self.complaints():
            raise StartFailed(f"`postfix check` complains:\n{complaints}")
        self.child.start()
        self.user.give(self.child.log)
        self.child.wait_until(lambda: ports.greets(self.port))

    def stop(self) -> None:
        """End master(8) and wait for all of its processes, and for the scripts that pipe(8) started."""
        self.child.stop()
        leftovers.end(self.state_dir, leftovers.mail_pids)

    def complaints(self) -> str:
        """Return the warnings and errors of `postfix check`, which also makes missing queue directories."""
        return "\n".join(own_check.complaints(find("postfix"), self.config, self.child.env))

    def reload(self, **settings: str) -> None:
        """Change settings in main.cf and reload; for tests and benchmarks."""
        self.run("postconf", "-e", *(f"{name}={value}" for name, value in settings.items()))
        self.child.send_signal(signal.SIGHUP)

    def run(self, name: str, *arguments: str, text: str = "") -> str:
        """Run one of Postfix's programs with `text` as its input; return all that it printed, also when it failed."""
        option = ["-C", str(self.config)] if name == "sendmail" else ["-c", str(self.config)]
        command = [find(name), *option, *arguments]
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            input=text,
            cwd="/",
            env=dict(self.child.env),
            timeout=CHECK_SECONDS,
        )
        return done.stdout

    def _copy_script(self) -> None:
        # Replaced in one step: a message may be delivered at this moment.
        target = self.state_dir / "bin" / "deliver.py"
        fresh = target.with_suffix(".new")
        shutil.copyfile(SCRIPT, fresh)
        fresh.chmod(0o755)
        fresh.replace(target)

    def _make_certificate(self) -> None:
        if self.certificate.exists():
            return
        self.certificate.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = self.certificate.with_suffix(".new")
        request = [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ]
        target = ["-days", "3650", "-subj", "/CN=localhost", "-keyout", str(fresh), "-out", "-"]
        made = subprocess.run(
            [find("openssl"), *request, *target], check=True, capture_output=True, text=True
        )
        with fresh.open("a") as file:
            file.write(made.stdout)
        fresh.chmod(0o600)
        fresh.replace(self.certificate)


def missing() -> str:
    """Return why Postfix cannot run here and what to do, in full sentences; '' if it can."""
    if os.geteuid() != 0:
        return "Postfix starts as root (it gives up its rights per process) and this is not root."
    if (
        platform.system() != "Linux"
        or shutil.which("postfix", path="/usr/sbin:/sbin:/usr/local/sbin") is None
    ):
        return "Postfix is not installed (the program `postfix`)."
    try:
        for name in ("postfix", "nobody"):
            pwd.getpwnam(name)
        for name in ("postdrop", "nogroup"):
            grp.getgrnam(name)
    except KeyError as error:
        return f"A user or group that Postfix needs is missing here: {error.args[0]}"
    return ""


def _daemons() -> str:
    done = subprocess.run(
        [find("postconf"), "-dh", "daemon_directory"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise StartFailed(f"postconf failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _directory(path: Path, mode: int, user: str | int, group: str | int = "root") -> None:
    path.mkdir(exist_ok=True)
    path.chmod(mode)
    shutil.chown(path, user, group)


def queue_group() -> int:
    """Return the group that may use Postfix's queue commands (postdrop). Raises KeyError without Postfix."""
    return grp.getgrnam("postdrop").gr_gid


def admit_clients(sockets: Path) -> None:
    """Let pipe(8)'s user, smtpd(8) and lmtp(8) connect to the sockets of a worker that is not root and cannot do it."""
    for name, group in (
        ("delivery.sock", "nogroup"),
        ("policy.sock", "postfix"),
        ("lmtp.sock", "postfix"),
    ):
        os.chown(sockets / name, -1, grp.getgrnam(group).gr_gid, follow_symlinks=False)
