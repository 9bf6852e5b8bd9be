"""Where everything of an installed server lies, and whose it is (docs/install.md)."""

from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]  # the tree that this installer came with

OPT = Path("/opt/tempmail")
RELEASES = OPT / "releases"
CURRENT = OPT / "current"
PENDING = OPT / "pending"

ETC = Path("/etc/tempmail")
RECORD = ETC / "install.json"
SETTINGS = ETC / "tempmail.env"
SECRETS = ETC / "secrets.env"
TLS = ETC / "tls"
REPLACED = ETC / "replaced"  # files of others that we took the place of

DATA = Path("/var/lib/tempmail")
STATIC = DATA / "static"
ACME = DATA / "acme"
STATE = Path("/run/tempmail")
LOGS = Path("/var/log/tempmail")
MAIL_LOG = STATE / "mail-log" / "mail.log"
BACKUPS = Path("/var/lib/tempmail-backup")
QUEUE = Path("/var/spool/postfix")
SOCKETS = QUEUE / "tempmail"
SITE_SOCKET = STATE / "site.sock"
MANAGE = Path("/usr/local/sbin/tempmail-manage")

GROUP = "tempmail"
OWNER = "tempmail"  # of the tables; runs migrations
SERVICE_USERS = ("tempmail-site", "tempmail-worker", "tempmail-tasks")
SCRIPT_USER = (
    "tempmail-script"  # pipe(8) runs deliver.py as it; in no group but its own, and owns no file
)
DATABASE = "tempmail"
DATABASE_SOCKET = Path("/run/postgresql")
REDIS_SOCKET = Path("/run/redis-tempmail/redis.sock")

UNIT_DIRECTORY = Path("/etc/systemd/system")
