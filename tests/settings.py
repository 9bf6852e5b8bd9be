"""Settings of the tests: keys of their own, and no server unless the environment names one."""

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path

_scratch = Path(tempfile.mkdtemp(prefix="tempmail-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
_key = base64.urlsafe_b64encode(bytes(range(32))).decode()
os.environ.setdefault("DATA_DIR", str(_scratch))
for _name in ("CANARY_INTERVAL", "DOMAIN_CHECK_INTERVAL"):
    os.environ.setdefault(_name, "0")  # their mail would be counted by tests that count
for _name in ("SECRET_KEY", "ADDRESS_DIGEST_KEY", "OPERATOR_KEY", "RECEIPT_KEY"):
    os.environ.setdefault(_name, _key)

from tempmail_site.settings import *  # noqa: E402, F403
from tempmail_site.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # a file, so that the threads of async views see what a test has committed
    DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.sqlite3")}
if "REDIS_URL" not in os.environ:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    SILENCED_SYSTEM_CHECKS = ["django_ratelimit.E003", "django_ratelimit.W001"]
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CAPTCHA = "off"  # the tests of the gate turn it on
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Our filter on the one handler, but pytest's own hooks for threads, and errors of logging shown.
LOGGING_CONFIG = "logging.config.dictConfig"
