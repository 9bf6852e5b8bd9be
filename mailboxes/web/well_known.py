"""What programs look for at fixed places: robots.txt, security.txt, the sitemap, the manifest, icons."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from mailboxes.gate import facts, site
from mailboxes.web import pages

_NOT_FOR_ROBOTS = (
    "/m/",
    "/api/",
    "/admin/",
    "/open",
    "/create",
    "/captcha/",
    "/report/",
    "/receipt/",
    "/healthz",
    "/livez",
)
_SECURITY_TXT_DAYS = 180
_ICON_SIZES = (192, 512)


@require_safe
@cache_control(max_age=86_400, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    """RFC 9309: the pages for everybody may be indexed, what belongs to visitors not."""
    lines = ["User-agent: *"]
    lines += [f"Disallow: {path}" for path in _NOT_FOR_ROBOTS]
    lines += ["Allow: /", "", f"Sitemap: {site.url(reverse('web:sitemap'))}"]
    return _text(lines)


@require_safe
@cache_control(max_age=3600, public=True)
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: where to report a weakness of this service."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    expires = midnight + timedelta(days=_SECURITY_TXT_DAYS)
    contacts = [facts.operator().contact_url, site.url(reverse("web:report"))]
    return _text(
        [
            *(f"Contact: {contact}" for contact in contacts if contact),
            f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
            "Preferred-Languages: en",
            f"Canonical: {site.url(reverse('web:security-txt'))}",
            f"Policy: {site.url(reverse('web:terms'))}#security",
        ]
    )


@require_safe
@cache_control(max_age=86_400, public=True)
def sitemap(request: HttpRequest) -> HttpResponse:
    """The pages for everybody (sitemaps.org protocol 0.9)."""
    urls = (escape(site.url(reverse(f"web:{name}"))) for name in pages.PUBLIC)
    body = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{body}</urlset>\n'
    )
    return HttpResponse(text, content_type="application/xml")


@require_safe
@cache_control(max_age=3600, public=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web application manifest (W3C), for those who put the site on their home screen."""
    icons: list[dict[str, str]] = [
        {"src": static("mailboxes/favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    ]
    for size in _ICON_SIZES:
        source = static(f"mailboxes/icon-{size}.png")
        icons.append({"src": source, "sizes": f"{size}x{size}", "type": "image/png"})
    maskable = static("mailboxes/icon-maskable-512.png")
    icons.append({"src": maskable, "sizes": "512x512", "type": "image/png", "purpose": "maskable"})
    content = {
        "id": "/",
        "name": "Tempmail",
        "short_name": "Tempmail",
        "description": _("Receive-only mail that forgets itself."),
        "start_url": reverse("web:home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f2ec",
        "theme_color": "#0b5d45",
        "icons": icons,
    }
    return JsonResponse(content, content_type="application/manifest+json")


@require_safe
@cache_control(max_age=3600, public=True)
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """For those who ask without having read the page."""
    return HttpResponseRedirect(static("mailboxes/favicon.ico"))


@require_safe
@cache_control(max_age=3600, public=True)
def touch_icon(request: HttpRequest) -> HttpResponseRedirect:
    """The same, as asked for by iOS."""
    return HttpResponseRedirect(static("mailboxes/apple-touch-icon.png"))


def _text(lines: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
