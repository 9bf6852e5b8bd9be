"""The site: answers, with what its pages need."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from tempmail_site.doctor.findings import Finding, check, fault, ok, warning

_TIMEOUT = 10.0  # seconds
_START = "Start it: systemctl start tempmail-site, or make run."


@check("site.answers", "It is what visitors have of the service.")
def answers() -> Iterator[Finding]:
    """/healthz, by the way that visitors take."""
    parts = urlsplit(settings.SITE_URL)
    kind = http.client.HTTPSConnection if settings.SECURE else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/healthz", headers={"User-Agent": "doctor"})
        answer = connection.getresponse()
        state = json.loads(answer.read(10_000)).get("status", "")
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        words = f"{settings.SITE_URL} does not answer as it should ({type(error).__name__})"
        yield fault(words, _START)
        return
    finally:
        connection.close()
    if answer.status == http.client.OK and state == "ok":
        yield ok(f"{settings.SITE_URL} answers")
    elif answer.status == http.client.OK:
        yield warning(f"{settings.SITE_URL} is {state}", "The faults of Redis say why.")
    else:
        words = f"{settings.SITE_URL}/healthz says {answer.status} {state}"
        yield fault(words, "The faults of database and worker say why.")


@check("site.static", "Without them pages fail, or have no style.")
def static() -> Iterator[Finding]:
    """What collectstatic made, with its table of names."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if "Manifest" not in settings.STORAGES["staticfiles"]["BACKEND"]:
        yield ok("served from the program's own files")
        return
    try:
        paths = json.loads(manifest.read_text())["paths"]
    except (OSError, ValueError, KeyError):
        words = f"{manifest} is missing or broken: each page fails"
        yield fault(words, "manage.py collectstatic --noinput, then restart the site.")
        return
    lost = [name for name in paths.values() if not (settings.STATIC_ROOT / name).is_file()]
    if lost:
        words = f"{len(lost)} static files are missing, {lost[0]} among them"
        yield fault(words, "manage.py collectstatic --noinput, then restart the site.")
    else:
        yield ok(f"{len(paths)} files")
