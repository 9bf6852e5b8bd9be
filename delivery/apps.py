"""Django's registration of the delivery package; it owns no tables."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """For the management commands."""

    name = "delivery"
