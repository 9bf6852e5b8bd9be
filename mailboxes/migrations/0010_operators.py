"""What operators may do: permissions, and three roles as groups that have them. The record of what they did says more."""

from django.contrib.auth.management import create_permissions
from django.db import migrations, models

READ_ONLY = [
    "view_mailbox",
    "view_domain",
    "view_block",
    "view_abusecontrols",
    "view_abusereport",
    "view_apikey",
    "view_moderationrecord",
    "view_purgerecord",
]
MODERATOR = (
    *READ_ONLY,
    *[
        "find_mailbox",
        "moderate_mailbox",
        "read_abusereport",
        "decide_abusereport",
        "add_block",
        "delete_block",
    ],
)
OPERATOR = (
    *MODERATOR,
    *[
        "change_abusecontrols",
        "add_apikey",
        "change_apikey",
        "add_domain",
        "change_domain",
        "view_operatormessage",
        "delete_operatormessage",
    ],
)
ROLES = {"read-only": READ_ONLY, "moderator": MODERATOR, "operator": OPERATOR}


ACTS = [
    ("block", "blocked"), ("unblock", "removed a block"), ("freeze", "froze a mailbox"),
    ("unfreeze", "unfroze a mailbox"), ("end", "ended a mailbox"), ("decide", "decided a report"),
    ("pause", "paused creation"), ("resume", "resumed creation"), ("find", "looked something up"),
    ("read", "read a report or mail to the operator"), ("delete-mail", "deleted mail to the operator"),
    ("issue-key", "issued an API key"), ("change-key", "changed an API key"), ("revoke-key", "revoked an API key"),
    ("add-domain", "added a domain"), ("change-domain", "changed a domain"), ("sign-in", "signed in"),
    ("set-up-factor", "set up a second factor"), ("remove-factor", "removed a second factor"),
    ("make-codes", "made recovery codes"), ("use-code", "used a recovery code"), ("account", "changed an account"),
]  # fmt: skip


def make_roles(apps, schema_editor):
    """Permissions are made after all migrations; the groups need them now."""
    using = schema_editor.connection.alias
    config = apps.get_app_config("mailboxes")
    config.models_module = True
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for name, codenames in ROLES.items():
        group, _is_new = (
            apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        )
        found = permissions.filter(content_type__app_label="mailboxes", codename__in=codenames)
        group.permissions.add(*found)


def remove_roles(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mailboxes", "0009_domains"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="abusereport",
            options={
                "ordering": ("-created_at",),
                "permissions": (
                    ("read_abusereport", "Can read what a report says"),
                    ("decide_abusereport", "Can decide a report"),
                ),
                "verbose_name": "report",
            },
        ),
        migrations.AlterModelOptions(
            name="mailbox",
            options={
                "permissions": (
                    ("find_mailbox", "Can look up an address"),
                    ("moderate_mailbox", "Can freeze, unfreeze and end a mailbox"),
                ),
                "verbose_name_plural": "mailboxes",
            },
        ),
        migrations.AlterModelOptions(
            name="moderationrecord",
            options={
                "ordering": ("-at", "-pk"),
                "verbose_name": "record",
                "verbose_name_plural": "audit log",
            },
        ),
        migrations.AlterModelOptions(
            name="operatormessage",
            options={
                "ordering": ("-received_at",),
                "verbose_name": "mail to the operator",
                "verbose_name_plural": "mail to the operator",
            },
        ),
        migrations.AlterField(
            model_name="moderationrecord",
            name="act",
            field=models.CharField(choices=ACTS, max_length=16),
        ),
        migrations.AlterField(
            model_name="moderationrecord",
            name="subject",
            field=models.CharField(blank=True, default="", max_length=253),
        ),
        migrations.RunPython(make_roles, remove_roles),
    ]
