"""Django settings. Every value that an operator may set is an environment variable, read here and nowhere else."""

import os
from datetime import date
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from mailboxes.rules import redis_urls
from postfix import render
from tempmail_site import log_setup, paths

BASE_DIR = paths.CHECKOUT
DATA_DIR = paths.data_directory()
env = environ.Env()

# The environment first, then what `make run` or the installer noted: keys, and how this instance was started.
for _file in ("secrets.env", "instance.env"):
    if (DATA_DIR / _file).is_file():
        env.read_env(str(DATA_DIR / _file))
if "SECRET_KEY" not in os.environ:
    raise ImproperlyConfigured(
        f"No keys: {DATA_DIR / 'secrets.env'} is missing. `make run` makes it; "
        "so does `python -m tempmail_site.secrets_file DATA_DIR/secrets.env`."
    )
SECRET_KEY: str = env("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ADDRESS_DIGEST_KEY: str = env("ADDRESS_DIGEST_KEY")
OPERATOR_KEY: str = env("OPERATOR_KEY")
RECEIPT_KEY: str = env("RECEIPT_KEY")
RECEIPT_KEY_FALLBACKS: list[str] = env.list("RECEIPT_KEY_FALLBACKS", default=[])

DEBUG: bool = env.bool("DEBUG", default=False)
HTTP_PORT: int = env.int("HTTP_PORT", default=8000)
SMTP_PORT: int = env.int("SMTP_PORT", default=2525)
SITE_URL: str = env("SITE_URL", default=f"http://127.0.0.1:{HTTP_PORT}").rstrip("/")
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# Mailboxes: seconds, bytes, counts.
DEFAULT_LIFETIME: int = env.int("DEFAULT_LIFETIME", default=3600)
MAX_LIFETIME: int = env.int("MAX_LIFETIME", default=172_800)
INACTIVITY_LIFETIME: int = env.int("INACTIVITY_LIFETIME", default=86_400)  # 0: off
MAILBOX_MAX_MESSAGES: int = env.int("MAILBOX_MAX_MESSAGES", default=500)
MAILBOX_MAX_BYTES: int = env.int("MAILBOX_MAX_BYTES", default=104_857_600)
CUSTOM_LOCAL_PARTS: bool = env.bool("CUSTOM_LOCAL_PARTS", default=False)
RESERVED_LOCAL_PARTS: list[str] = env.list("RESERVED_LOCAL_PARTS", default=[])
CREATIONS_PER_CLIENT: str = env("CREATIONS_PER_CLIENT", default="30/h")
CREATIONS_PER_SESSION: str = env("CREATIONS_PER_SESSION", default="30/h")
CAPTCHAS_PER_CLIENT: str = env("CAPTCHAS_PER_CLIENT", default="120/m")
API_CALLS_PER_MAILBOX: str = env("API_CALLS_PER_MAILBOX", default="1200/m")
REPORTS_PER_CLIENT: str = env("REPORTS_PER_CLIENT", default="5/h")
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])

# The service tries itself every so many seconds; 0: never.
CANARY_INTERVAL: int = env.int("CANARY_INTERVAL", default=300)

# The domain doctor: seconds between two visits of a domain (0: never), the resolvers that it asks instead of the
# system's, and the addresses that the internet knows this host by.
DOMAIN_CHECK_INTERVAL: int = env.int("DOMAIN_CHECK_INTERVAL", default=21_600)
DNS_RESOLVERS: list[str] = env.list("DNS_RESOLVERS", default=[])
PUBLIC_ADDRESSES: list[str] = env.list("PUBLIC_ADDRESSES", default=[])

# Webhooks: whether there are any, networks of the operator's own that they may reach besides the public internet, by
# plain HTTP too, and requests a minute that one host gets.
WEBHOOKS: bool = env.bool("WEBHOOKS", default=True)
WEBHOOK_ALLOWED_NETWORKS: list[str] = env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])
WEBHOOK_HOST_RATE: int = env.int("WEBHOOK_HOST_RATE", default=300)

# The gate before an address: "altcha" (proof of work, ours), "recaptcha" (Google's, v3) or "off".
CAPTCHA: str = env("CAPTCHA", default="altcha")
RECAPTCHA_SITE_KEY: str = env("RECAPTCHA_SITE_KEY", default="")
RECAPTCHA_SECRET_KEY: str = env("RECAPTCHA_SECRET_KEY", default="")
RECAPTCHA_MINIMUM_SCORE: float = env.float("RECAPTCHA_MINIMUM_SCORE", default=0.5)
RECAPTCHA_VERIFY_REQUEST_TIMEOUT = 5  # seconds; of django-recaptcha

# Who runs this instance, as its pages say. Without a contact it is abuse@ the first domain, which always arrives.
OPERATOR_NAME: str = env("OPERATOR_NAME", default="")
OPERATOR_CONTACT: str = env("OPERATOR_CONTACT", default="")
OPERATOR_ADDRESS: str = env("OPERATOR_ADDRESS", default="")
PRIVACY_CHANGED = date.fromisoformat(env("PRIVACY_CHANGED", default="2026-11-20"))
TERMS_CHANGED = date.fromisoformat(env("TERMS_CHANGED", default="2026-11-20"))

# Who may operate: whether each needs a code of an authenticator app to sign in, and how often one client may try.
ADMIN_REQUIRES_TOTP: bool = env.bool("ADMIN_REQUIRES_TOTP", default=SECURE)
SIGN_INS_PER_CLIENT: str = env("SIGN_INS_PER_CLIENT", default="20/15m")

# Who may read /metrics: whoever has this token; without one, programs on this host that come through no proxy.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# The mail path.
# "postfix", "embedded" (the stand-in), or "elsewhere": a host of pages only, mail comes in on others
SMTP: str = env("SMTP", default="postfix")
SMTP_HOST: str = env("SMTP_HOST", default="127.0.0.1")  # our own mail server, for whoever tries it
STATE_DIR = Path(env("STATE_DIR", default=str(paths.state_directory(DATA_DIR))))
METRICS_DIRECTORY: Path | None = STATE_DIR / "metrics"  # what processes count, emptied at the start
# Postfix's: on a server those of the system's own instance (deploy/systemd/layout.env).
POSTFIX_CONFIG_DIR = Path(env("POSTFIX_CONFIG_DIR", default=str(STATE_DIR / "postfix")))
POSTFIX_DATA_DIR = Path(env("POSTFIX_DATA_DIR", default=str(STATE_DIR / "lib")))
QUEUE_DIRECTORY = Path(env("QUEUE_DIRECTORY", default=str(STATE_DIR / "spool")))
DELIVERY_SCRIPT = Path(env("DELIVERY_SCRIPT", default=str(STATE_DIR / "bin" / "deliver.py")))
MAIL_LOG = Path(env("MAIL_LOG", default=str(render.log_file(STATE_DIR))))
DELIVERY_SOCKET = QUEUE_DIRECTORY / "tempmail" / "delivery.sock"
POLICY_SOCKET = QUEUE_DIRECTORY / "tempmail" / "policy.sock"
DELIVERY_TRANSPORT: str = env.str("DELIVERY_TRANSPORT", default="pipe")
LMTP_SOCKET = QUEUE_DIRECTORY / "tempmail" / "lmtp.sock"
DELIVERY_PROCESSES: int = env.int("DELIVERY_PROCESSES", default=os.cpu_count() or 1)
DELIVERY_USER: str = env("DELIVERY_USER", default="nobody:nogroup")
MESSAGE_SIZE_LIMIT: int = env.int("MESSAGE_SIZE_LIMIT", default=26_214_400)
PARSE_TIME_LIMIT: float = env.float("PARSE_TIME_LIMIT", default=5.0)
WORKER_MEMORY_LIMIT: int = env.int("WORKER_MEMORY_LIMIT", default=1_073_741_824)
# Recipients a minute: let in for a sender domain, asked for by a client, unknown ones of a client. 0: no limit.
# A client's is below a domain's: one that forges a domain cannot use up its rate alone.
SENDER_DOMAIN_RATE: int = env.int("SENDER_DOMAIN_RATE", default=6000)
CLIENT_RATE: int = env.int("CLIENT_RATE", default=2000)
UNKNOWN_RECIPIENT_RATE: int = env.int("UNKNOWN_RECIPIENT_RATE", default=100)
CUT_OFF_SECONDS: int = env.int("CUT_OFF_SECONDS", default=300)
UNLIMITED_CLIENTS: list[str] = env.list("UNLIMITED_CLIENTS", default=[])
QUEUE_LIFETIME: int = env.int("QUEUE_LIFETIME", default=259_200)
SMTP_HOSTNAME: str = env("SMTP_HOSTNAME", default="")
SMTPD_MILTERS: str = env("SMTPD_MILTERS", default="")
AUTHSERV_ID: str = env("AUTHSERV_ID", default=SMTP_HOSTNAME)

# Databases. SQLite is the embedded default: durable (synchronous=FULL), one writer at a time that takes its lock
# first (IMMEDIATE), so that no transaction fails half way with "database is locked".
if env("DATABASE_URL", default=""):
    DATABASES = {"default": env.db("DATABASE_URL")}
    if env("DATABASE_REPLICA_URL", default=""):  # for figures that may be seconds old
        DATABASES["replica"] = {**env.db("DATABASE_REPLICA_URL"), "TEST": {"MIRROR": "default"}}
else:
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}
    }
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = None
    _database["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;",
    }
else:
    # A database that is away is noticed in seconds (connect: s, unacknowledged data: ms), not in minutes; so is one
    # whose host vanished while it worked for us (keepalive: s; by default the kernel asks after two hours).
    for _database in DATABASES.values():
        _database["OPTIONS"] = {
            "connect_timeout": 2,
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 5,
            "keepalives_interval": 3,
            **_database.get("OPTIONS", {}),
        }
BACKUP_DIR = Path(env("BACKUP_DIR", default="/var/lib/tempmail-backup"))  # the doctor looks
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env("REDIS_URL", default=f"unix://{STATE_DIR}/redis/redis.sock")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [REDIS_URL],  # not a string, which Django would cut at each comma
        "KEY_PREFIX": "tempmail",
        "OPTIONS": {
            "pool_class": "mailboxes.redis_clients.Pool",
            "socket_timeout": 2,
            "socket_connect_timeout": 1,
            "max_connections": 1000,
        },
    }
}
CELERY_BROKER_URL = redis_urls.broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = redis_urls.broker_options(REDIS_URL, timeout=2.0)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

INSTALLED_APPS = [
    "mailboxes",  # before the admin, whose templates ours stand for
    "mailboxes.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_altcha",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "ninja",
    "delivery",
    "postfix",
    "tempmail_site.doctor",
]
# Each of these is async-capable: one that is not would hold a thread for as long as a stream is open.
MIDDLEWARE = [
    "tempmail_site.request_log.request_log",
    "tempmail_site.middleware.security_headers",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mailboxes.api.middleware.api_problems",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mailboxes.web.methods.method_pages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "tempmail_site.urls"
WSGI_APPLICATION = "tempmail_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = ["mailboxes.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What a browser may do with our pages. The mail frame's route has a policy of its own (mailboxes.web.frame).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "mailboxes.web.errors.csrf_failure"
SESSION_COOKIE_NAME = "__Host-admin" if SECURE else "admin"
SESSION_COOKIE_AGE = (
    3600  # seconds without a request; mailboxes.gate.operators ends it after a day's work anyway
)
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SECURE_SSL_REDIRECT = SECURE and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = ["^(metrics|livez|healthz)$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 65_536

# Any page may call the API: what opens something is a token in a header, never a cookie.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "POST", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "last-event-id",
]
CORS_EXPOSE_HEADERS = [
    "Content-Disposition",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
]
CORS_PREFLIGHT_MAX_AGE = 86_400  # seconds

# What a log line may hold, and who writes one: tempmail_site/log_format.py, log_setup.py, docs/logs.md.
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO").upper()
LOG_FORMAT: str = env.str("LOG_FORMAT", default="")
LOG_FILE: str = env.str("LOG_FILE", default="")
LOG_DIRECTORY = DATA_DIR / "logs"
SERVER_LOGS = env("SERVER_LOGS", default="")
LOG_RETENTION_DAYS: int = env.int("LOG_RETENTION_DAYS", default=7)
LOGGING_CONFIG = "tempmail_site.log_setup.configure"
LOGGING = log_setup.config(LOG_LEVEL, LOG_FORMAT, LOG_FILE)
