"""The URLconf of both servers."""

from django.contrib import admin
from django.urls import include, path

from mailboxes.api.endpoints import api
from tempmail_site import health, metrics

urlpatterns = [
    path("livez", health.livez),
    path("healthz", health.healthz),
    path("metrics", metrics.metrics),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("", include("mailboxes.web.urls")),
]

handler400 = "mailboxes.web.errors.bad_request"
handler403 = "mailboxes.web.errors.forbidden"
handler404 = "mailboxes.web.errors.not_found"
handler500 = "mailboxes.web.errors.server_error"
