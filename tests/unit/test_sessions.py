"""What a browser is given to keep, and what of it the server keeps: of visitors nothing."""

import json
import os
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from mailboxes.models.mailboxes import Mailbox
from tests.run_all import PRODUCTION
from tests.unit.web_visitors import every_url, inbox_url, message_url, visitor

pytestmark = pytest.mark.usefixtures("domain")
SERVERS = ("DATABASE_URL", "REDIS_URL")
HERE = {key: value for key, value in os.environ.items() if key not in SERVERS}


@pytest.fixture(autouse=True)
def _many(settings):
    settings.CREATIONS_PER_CLIENT = settings.REPORTS_PER_CLIENT = "1000/h"


def journey(client, deliver, address_of):
    """Do all that a visitor can do."""
    pages = ("/", "/about", "/privacy", "/terms", "/faq", "/developers", "/report", "/open")
    for page in (*pages, "/nowhere", "/m/nothing/"):
        client.get(page)
    inbox = client.post("/create")["Location"]
    mailbox = Mailbox.objects.get(public_id=inbox.split("/")[2])
    deliver(address_of(mailbox, client))
    for method, url in every_url(mailbox.public_id, mailbox.messages.get().id):
        if not url.endswith(("/end", "/events")):
            getattr(client, method)(url)
    client.post("/report", {"kind": "other", "about": "x", "text": "y"})
    client.post("/open", {"token": "tmt_" + "A" * 43})
    client.post(inbox + "end", {"confirm": "yes"})
    client.get("/")
    return mailbox


def address_of(mailbox, client):
    from mailboxes.services import reading

    (token,) = [morsel.value for name, morsel in client.cookies.items() if "m-" in name]
    return reading.open_by_token(token).address


def test_a_visitors_whole_journey_leaves_no_session(deliver):
    client = Client()
    journey(client, deliver, address_of)
    assert not Mailbox.objects.exists()
    assert not Session.objects.exists()
    assert "admin" not in client.cookies


def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites(deliver):
    client = Client()
    journey(client, deliver, address_of)
    assert {name.split("-")[0] for name in client.cookies} >= {"m", "csrf", "visitor"}
    for morsel in client.cookies.values():
        assert morsel["httponly"] or not morsel.value  # one that is taken back carries no flag
        assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Lax", "/", "")


IN_PRODUCTION = """
import json, django
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from mailboxes.services import domains
call_command("migrate", verbosity=0)
domains.add("tempmail.test")
client = Client(SERVER_NAME="mail.example")
client.get("/", secure=True)
inbox = client.post("/create", secure=True)["Location"]
report = {"kind": "other", "about": "somebody", "text": "words"}
assert client.post("/report", report, secure=True).status_code == 303
assert client.post(inbox + "delete-all", {"confirm": "yes"}, secure=True).status_code == 303
get_user_model().objects.create_superuser("root", password="secret")
client.post("/admin/login/", {"username": "root", "password": "secret"}, secure=True)
print(json.dumps({
    name: [bool(m["secure"]), bool(m["httponly"]), m["samesite"], m["path"], m["domain"]]
    for name, m in client.cookies.items()
}))
"""


def test_in_production_every_cookie_is_secure_and_tied_to_the_host(tmp_path):
    env = {**HERE, **PRODUCTION, "DATA_DIR": str(tmp_path)}
    env["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    done = subprocess.run(
        [sys.executable, "-c", IN_PRODUCTION], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    cookies = json.loads(done.stdout.splitlines()[-1])
    assert {name.split("-")[1] for name in cookies} == {
        "m", "csrf", "visitor", "admin", "report", "receipt",
    }  # fmt: skip
    for name, flags in cookies.items():
        assert name.startswith("__Host-")
        assert flags == [True, True, "Lax", "/", ""]


def test_a_new_secret_key_ends_no_mailbox_no_form_and_no_operators_session(
    owner, deliver, settings
):
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("root", password="x"))
    client.cookies.update(visitor(owner).cookies)
    page = client.get(inbox_url(owner)).content.decode()
    form = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    deliver(owner.address)
    client.post("/create", {"csrfmiddlewaretoken": form})
    browser = client.cookies["visitor"].value
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-one-" + "0" * 40
    assert client.get(inbox_url(owner)).status_code == 200
    assert client.get(message_url(owner)).status_code == 200
    done = client.post(inbox_url(owner) + "extend", {"lifetime": 3600, "csrfmiddlewaretoken": form})
    assert done.status_code == 303
    assert client.get("/admin/").status_code == 200
    assert id_in(browser) == id_in(browser, settings)


def id_in(cookie, settings=None):
    """Return the visitor that a cookie stands for."""
    from django.test import RequestFactory

    from mailboxes.gate import visitor

    request = RequestFactory().get("/")
    request.COOKIES["visitor"] = cookie
    return visitor.of(request)
