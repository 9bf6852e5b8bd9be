"""The URLs of the pages. None of them holds an address or a token."""

from django.urls import path

from mailboxes.web import (
    actions,
    downloads,
    errors,
    events,
    frame,
    home,
    inbox,
    messages,
    pages,
    recovery,
)

app_name = "web"
_MAILBOX = "m/<str:public_id>/"
_MESSAGE = _MAILBOX + "<uuid:message_id>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("create", home.create, name="create"),
    path("open", recovery.open_with_key, name="open"),
    path("about", pages.about, name="about"),
    path("privacy", pages.privacy, name="privacy"),
    path(_MAILBOX, inbox.inbox, name="inbox"),
    path(_MAILBOX + "list", inbox.fragment, name="list"),
    path(_MAILBOX + "events", events.events, name="events"),
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
    # Whatever else is asked for below /m/ gets the same answer as a mailbox that is not yours, with no redirect.
    path("m/<path:rest>", errors.gone),
]
