"""The URLs of the pages. None of them holds an address or a token."""

from django.urls import path

from mailboxes.web import (
    actions,
    captcha,
    downloads,
    errors,
    events,
    frame,
    home,
    inbox,
    messages,
    pages,
    qr,
    receipt,
    recovery,
    report,
    status,
    well_known,
    worker,
)

app_name = "web"
_MAILBOX = "m/<str:public_id>/"
_MESSAGE = _MAILBOX + "<uuid:message_id>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("create", home.create, name="create"),
    path("captcha/challenge", captcha.challenge, name="challenge"),
    path("open", recovery.open_with_key, name="open"),
    path("about", pages.about, name="about"),
    path("faq", pages.faq, name="faq"),
    path("privacy", pages.privacy, name="privacy"),
    path("terms", pages.terms, name="terms"),
    path("developers", pages.developers, name="developers"),
    path("report", report.report, name="report"),
    path("report/received", report.received, name="report-received"),
    path("report/status", report.status, name="report-status"),
    path("receipt", receipt.check, name="receipt"),
    path("receipt/yours", receipt.given, name="receipt-given"),
    path("receipt/yours.json", receipt.download, name="receipt-file"),
    path("status", status.status, name="status"),
    path("status.json", status.status_json, name="status-json"),
    path(".well-known/tempmail-receipt-keys.json", receipt.keys, name="receipt-keys"),
    path("robots.txt", well_known.robots, name="robots"),
    path(".well-known/security.txt", well_known.security_txt, name="security-txt"),
    path("sitemap.xml", well_known.sitemap, name="sitemap"),
    path("manifest.webmanifest", well_known.manifest, name="manifest"),
    path("favicon.ico", well_known.favicon),
    path("apple-touch-icon.png", well_known.touch_icon),
    path("sw.js", worker.worker, name="worker"),
    path(_MAILBOX, inbox.inbox, name="inbox"),
    path(_MAILBOX + "list", inbox.fragment, name="list"),
    path(_MAILBOX + "events", events.events, name="events"),
    path(_MAILBOX + "qr", qr.address, name="qr"),
    path(_MAILBOX + "delete", actions.delete_several, name="delete-several"),
    path(_MAILBOX + "delete-all", actions.delete_all, name="delete-all"),
    path(_MAILBOX + "extend", actions.extend, name="extend"),
    path(_MAILBOX + "end", actions.end, name="end"),
    path(_MAILBOX + "recovery", recovery.show, name="recovery"),
    path(_MESSAGE, messages.message, name="message"),
    path(_MESSAGE + "delete", actions.delete, name="delete"),
    path(_MESSAGE + "frame", frame.frame, name="frame"),
    path(_MESSAGE + "source", downloads.source, name="source"),
    path(_MESSAGE + "message.eml", downloads.eml, name="eml"),
    path(_MESSAGE + "attachments/<int:index>", downloads.attachment, name="attachment"),
    path(_MESSAGE + "attachments/<int:index>/preview", downloads.preview, name="preview"),
    # Whatever else is asked for below /m/ gets the same answer as a mailbox that is not yours, with no redirect.
    path("m/<path:rest>", errors.gone),
]
