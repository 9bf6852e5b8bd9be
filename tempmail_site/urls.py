"""The URLconf of both servers."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from mailboxes.api import problems
from mailboxes.api.endpoints import api
from mailboxes.web import errors
from tempmail_site import health

urlpatterns = [
    path("livez", health.livez),
    path("healthz", health.healthz),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("", include("mailboxes.web.urls")),
]


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.bad_request() if _is_api(request) else errors.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.forbidden() if _is_api(request) else errors.forbidden(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.not_found() if _is_api(request) else errors.not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    return problems.server_error() if _is_api(request) else errors.server_error(request)
