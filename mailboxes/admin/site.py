"""The admin's site: who gets in, what is on its pages besides lists, and nothing of visitors' mail."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _

from mailboxes.admin import dashboard, finding, pausing, second_factor, signing_in
from mailboxes.gate import operators

View = Callable[..., HttpResponse]
_ORDER = (
    "AbuseReport",
    "OperatorMessage",
    "Mailbox",
    "Domain",
    "Block",
    "ApiKey",
    "ModerationRecord",
    "PurgeRecord",
    "User",
    "Group",
)


class OperatorSite(AdminSite):
    """Django's site behind a throttle and a second factor, with a dashboard, a search and a switch for creation."""

    site_header = site_title = _("Operator")
    index_title = _("Dashboard")
    enable_nav_sidebar = False
    index_template = "admin/dashboard.html"
    login_form = signing_in.SignInForm

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        """Admit who has signed in with all that is asked of them."""
        return operators.is_admitted(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # type: ignore[override]
        """Keep the session of whoever is at work; no page is kept by a browser."""
        inner = super().admin_view(view, False)

        def within(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            operators.keep(request)
            return inner(request, *args, **kwargs)

        return within

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Put our pages before Django's, whose last pattern takes everything."""
        ours = [
            path("find/", self.admin_view(finding.find), name="find"),
            path("pause/", self.admin_view(pausing.pause), name="pause"),
            path("second-factor/", second_factor.page, name="second_factor"),
            # Open to who has not set up a second factor yet, too. Only POST, and none without a CSRF token.
            path("logout/", self.logout, name="logout"),
        ]
        return [*ours, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show how the service stands."""
        return super().index(request, {**dashboard.context(request), **(extra_context or {})})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in; whoever has, and lacks only a second factor, is led to setting it up."""
        is_half_in = operators.is_known(request) and not operators.is_admitted(request)
        if is_half_in and not operators.has_second_factor(request):
            return HttpResponseRedirect(reverse("admin:second_factor"))
        account = request.POST.get("username", "")
        return signing_in.throttled(request, account, super().login, extra_context)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change one's password: the old one is guessed no faster here than by signing in."""
        account = request.user.get_username()
        return signing_in.throttled(request, account, super().password_change, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put what is needed most often first."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: _place(model["object_name"]))
        return sorted(apps, key=lambda app: app["app_label"] != "mailboxes")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add what the head of each page shows."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["has_second_factor"] = operators.is_verified(request)
        return context


def _place(model: str) -> int:
    return _ORDER.index(model) if model in _ORDER else len(_ORDER)
