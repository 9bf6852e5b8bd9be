"""A private Dovecot for dovecot-lda and its LMTP server: own configuration, unix sockets only, never the system's."""

import os
import re
import string
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local import leftovers, owner
from deploy.local.processes import Child, StartFailed
from deploy.local.servers import Server, find

LDA = Path("/usr/lib/dovecot/dovecot-lda")
VERSION = re.compile(r"2\.3\.")
USER, GROUP = "nobody", "nogroup"

# Durable as ours: mail_fsync=always. One Maildir for each mailbox, as ours has one row for each.
_CONFIG = string.Template("""\
protocols = lmtp
listen = 127.0.0.1
base_dir = $directory/run
state_dir = $directory/run
instance_name = $name
log_path = $log
ssl = no
mail_fsync = always
mail_location = maildir:~/Maildir
mail_home = $homes/%n
auth_username_format = %Ln
import_environment = $$import_environment $marker
first_valid_uid = $uid
last_valid_uid = $uid
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$homes/%n allow_all_users=yes
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
""")


class Dovecot(Server):
    """Its master in the foreground. `instance` is what leftovers of a killed run are recognized by."""

    def __init__(self, directory: Path, log: Path, instance: Path) -> None:
        self.directory, self.log, self.instance = directory, log, instance
        self.config = directory / "dovecot.conf"
        self.homes = directory / "homes"
        self.lmtp_socket = directory / "run" / "lmtp"
        self.user = owner.named(USER)
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", leftovers.MARKER: str(instance)}
        command = [find("dovecot"), "-F", "-c", str(self.config)]
        self.child = Child("dovecot", command, env, directory, directory / "printed.log")

    def start(self) -> None:
        """Write the configuration, start, wait for its sockets. Raises StartFailed."""
        version = subprocess.run(
            [find("dovecot"), "--version"], check=False, capture_output=True, text=True
        ).stdout
        if not VERSION.match(version):
            raise StartFailed(f"Dovecot {version.strip()}: only 2.3 is known here")
        self._make_directories()
        self.config.write_text(self._configuration(), encoding="ascii")
        self.child.start()
        self.child.wait_until(lambda: self.lmtp_socket.exists())

    def make_homes(self, names: list[str]) -> None:
        """Make the mailboxes, so that no delivery does it."""
        for name in names:
            for part in ("", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"):
                directory = self.homes / name / part
                directory.mkdir(mode=0o700, exist_ok=True)
                self.user.give(directory)

    def stored(self) -> int:
        """Return how many messages lie in the mailboxes."""
        new = (home / "Maildir" / "new" for home in self.homes.iterdir())
        return sum(len(os.listdir(directory)) for directory in new)  # noqa: PTH208 - thousands

    def _make_directories(self) -> None:
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.homes.mkdir(exist_ok=True)
        self.user.give(self.homes)
        # dovecot-lda runs as nobody and writes to the same log
        self.log.touch()
        self.log.chmod(0o666)

    def _configuration(self) -> str:
        values: Mapping[str, object] = {
            "directory": self.directory,
            "name": self.directory.name,
            "log": self.log,
            "homes": self.homes,
            "uid": self.user.uid,
            "gid": self.user.gid,
            "marker": leftovers.MARKER,
        }
        return _CONFIG.substitute(values)
