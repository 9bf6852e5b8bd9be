"""The Celery application and what beat runs."""

import os

from celery import Celery
from django.conf import settings

from tempmail_site import task_log

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

app = Celery("tempmail_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
task_log.connect()
# How often, in seconds. What no worker takes until the next one is due is dropped: each run does all that there is.
_EVERY = {
    "purge_ended_mailboxes": 60,
    "purge_records": 600,
    "give_space_back": 300,
    "rotate_logs": 3600,
    "send_webhooks": 10 if settings.WEBHOOKS else 0,
    "canary": settings.CANARY_INTERVAL,
    "take_sample": 60,
    "check_domains": 60 if settings.DOMAIN_CHECK_INTERVAL else 0,
}
app.conf.beat_schedule = {
    name: {"task": f"mailboxes.{name}", "schedule": seconds, "options": {"expires": seconds}}
    for name, seconds in _EVERY.items()
    if seconds
}
