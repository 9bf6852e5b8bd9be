"""Numbers of the dashboard as people read them."""

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _


def number(value: float) -> str:
    """Return a count, in groups of three."""
    if value < 10 and value != round(value):
        return f"{value:.1f}"
    return f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def size(value: float) -> str:
    """Return bytes as people read them."""
    return filesizeformat(round(value))


def seconds(value: float) -> str:
    """Return a time in a unit that fits."""
    if value == 0:
        return _("none")
    if value < 1:
        return _("%(n)s ms") % {"n": _short(1000 * value)}
    if value < 120:
        return _("%(n)s s") % {"n": _short(value)}
    if value < 7200:
        return _("%(n)s min") % {"n": f"{value / 60:.0f}"}
    return _("%(n)s h") % {"n": f"{value / 3600:.0f}"}


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"
