"""What is refused at SMTP, at creation and as a name: added and removed with a reason."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from mailboxes.admin import acting
from mailboxes.admin.base import OurAdmin
from mailboxes.models.abuse import Block
from mailboxes.rules.errors import TempmailError
from mailboxes.services import audit, blocks

_HOUR = 3600
_LONGEST = 24 * 366  # hours
REMOVE = acting.Act(
    "remove", _("Remove"), _("It is refused no longer, within seconds."), _("Remove")
)


class BlockForm(forms.ModelForm):  # type: ignore[type-arg]
    value = forms.CharField(
        max_length=400,
        help_text=_(
            "An envelope sender, a domain (with all below it), a network such as 198.51.100.0/24, or a name."
        ),
    )
    reason = forms.CharField(
        max_length=audit.REASON_LENGTH, help_text=_("Your words; no address, please.")
    )
    hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=_LONGEST,
        help_text=_("Empty: until somebody removes it."),
    )

    class Meta:
        model = Block
        fields = ("kind",)

    def clean(self) -> dict[str, Any]:
        """Find out whether it can be blocked, by asking for it; the error echoes nothing."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "kind" in cleaned and "value" in cleaned:
            try:
                blocks.find(cleaned["kind"], cleaned["value"])
            except TempmailError as error:
                self.add_error("value", error.title)
        return cleaned


@admin.register(Block)
class BlockAdmin(OurAdmin):
    form = BlockForm
    actions = ("remove",)
    fields = ("kind", "value", "reason", "hours")
    list_display = ("number", "kind", "shown_value", "reason", "created_at", "expires_at")
    list_display_links = None
    list_filter = ("kind",)

    def has_change_permission(self, request: HttpRequest, obj: Block | None = None) -> bool:
        """Nobody edits: blocking the same again gives it a new reason and end."""
        return False

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Who may remove one."""
        return self.allows(request, "delete_block")

    @admin.display(description=_("number"), ordering="pk")
    def number(self, block: Block) -> int:
        """Show what the audit log calls it by."""
        return block.pk

    @admin.display(description=_("value"))
    def shown_value(self, block: Block) -> str:
        """Show what is kept in clear."""
        return block.value or str(_("(kept as a fingerprint)"))

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:
        """Block it."""
        given = form.cleaned_data
        block = blocks.add(
            given["kind"],
            given["value"],
            reason=given["reason"],
            seconds=given["hours"] * _HOUR if given["hours"] else None,
            actor=request.user.get_username(),
        )
        obj.pk, obj.value = block.pk, ""

    @admin.action(description=_("Remove the selected blocks"), permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Block]) -> HttpResponse | None:
        """Ask why, then remove."""
        return acting.ask(self, request, queryset, REMOVE, _remove)


def _remove(block: Block, *, reason: str, actor: str) -> None:
    blocks.remove(block.pk, reason=reason, actor=actor)
