"""`{% absolute path %}`: the whole URL of a path of this site, for what is read elsewhere."""

from django import template

from mailboxes.gate import site

register = template.Library()


@register.simple_tag
def absolute(path: str) -> str:
    """Return the absolute URL of a path that begins with a slash."""
    return site.url(path)
