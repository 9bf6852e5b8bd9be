"""The Celery application and what beat runs."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

app = Celery("tempmail_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "purge-ended-mailboxes": {"task": "mailboxes.purge_ended_mailboxes", "schedule": 60.0},
    "purge-records": {"task": "mailboxes.purge_records", "schedule": 3600.0},
}
