"""Makes `manage.py doctor` known to Django."""

from django.apps import AppConfig


class DoctorConfig(AppConfig):
    """The checks of a whole installation; it has no tables."""

    name = "tempmail_site.doctor"
    label = "doctor"
    verbose_name = "Doctor"
