"""What visitors may send, checked."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mailboxes.services import creation, domains
from mailboxes.web import times
from mailboxes.web.captcha import CaptchaForm


def lifetime_choices() -> list[tuple[int, str]]:
    """Return the lifetimes that a visitor may choose, in seconds, with their names."""
    return [(seconds, times.duration(seconds)) for seconds in creation.lifetimes_offered()]


class CreateForm(CaptchaForm):
    """A new address. The domain is asked only where several are offered, the name only where it may be chosen."""

    lifetime = forms.TypedChoiceField(
        label=_("How long do you need it?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=lifetime_choices,
        required=False,
        empty_value=None,
    )
    local_part = forms.CharField(
        label=_("Name (optional)"),
        required=False,
        empty_value=None,
        max_length=64,
        help_text=_("Leave it empty for a random one, which nobody can guess."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    domain = forms.ChoiceField(label=_("Domain"), required=False)

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.initial.setdefault("lifetime", creation.default_lifetime())
        if not creation.custom_names_allowed():
            del self.fields["local_part"]
        self._offer_domains([domain.name for domain in domains.offered()])

    def _offer_domains(self, names: list[str]) -> None:
        field = self.fields["domain"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", _("Any of ours")), *((name, name) for name in names)]
        if len(names) < 2:
            field.widget = forms.HiddenInput()


class ExtendForm(forms.Form):
    """How long a mailbox is to live from now on, in seconds."""

    lifetime = forms.TypedChoiceField(coerce=int, choices=lifetime_choices)


class OpenForm(forms.Form):
    """The recovery key: a mailbox's token."""

    token = forms.CharField(
        label=_("Recovery key"),
        max_length=100,
        strip=True,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "tmt_…",
            }
        ),
    )
