"""`manage.py list_api_keys`: what keys there are, what each may do, and on which day it was last used."""

from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.models.access import ApiKey
from mailboxes.services import api_keys


class Command(BaseCommand):
    help = "Lists the API keys by name: state, scopes, domains, limits, day of last use. A key itself is not kept."

    def handle(self, *args: Any, **options: Any) -> None:
        for api_key in ApiKey.objects.prefetch_related("domains"):
            self.stdout.write("\t".join(_line(api_key)))


def _line(api_key: ApiKey) -> list[str]:
    names = [domain.name for domain in api_key.domains.all()]
    return [
        api_key.name,
        f"revoked {api_key.revoked_at:%Y-%m-%d}" if api_key.revoked_at else "valid",
        ",".join(api_keys.scopes(api_key)) or "no scope",
        "any domain" if api_key.any_domain else ",".join(names) or "no domain",
        f"{api_key.creations_per_minute}/minute",
        f"{api_key.creations_per_day}/day",
        f"last used {api_key.last_used_on}" if api_key.last_used_on else "never used",
    ]
