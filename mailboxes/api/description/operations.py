"""The operations of the API in words: what no signature says."""

from mailboxes.api.description import examples
from mailboxes.api.description.operation import BINARY, MESSAGE, STREAM, Operation

TAGS = (
    ("Addresses", "Get an address, see how long it lives, extend it."),
    ("Mail", "List, wait for, read and delete the mail of one address."),
    ("Live", "Be told of mail the moment it arrives."),
    ("Webhooks", "Have a server of yours called when mail arrives."),
)
PARAMETERS = {
    "address": "The address of this token's mailbox, or `me`.",
    "message_id": "The `id` of a message.",
    "webhook_id": "The `id` of a webhook.",
    "n": "The `id` of an attachment in its message; they count from 1.",
    "limit": "How many items at most.",
    "cursor": "The `next_cursor` of the page before: goes on where that page ended.",
    "after": "Only what is newer than the message with this `id`.",
    "since": "Only what arrived at this time or later.",
    "from": "Only mail whose sender's name or address contains this.",
    "subject": "Only mail whose subject contains this.",
    "unread": "Only mail that has not been seen.",
    "has": "Only mail with an attachment, or with a code. Repeated: with both.",
    "wait": "Wait up to so many seconds until there is such a message.",
    "mark_seen": "Whether the message counts as seen from now on.",
    "close": "End the mailbox too; its token is unknown from then on.",
    "Idempotency-Key": "With an API key only: a repeat within 24 hours gives the same address and token.",
    "If-None-Match": "The ETag of the list that you have.",
    "Last-Event-ID": "The id of the last event that you got; the stream goes on after it.",
}
_MINE = {"address": "me"}
_FIRST = {"message_id": "$response.body#/items/0/id"}
_THIS = {"message_id": "$response.body#/id"}
_LIST_QUERY = {**_MINE, "after": "0", "cursor": examples.CURSOR, "from": "shop"}
_LIST_QUERY |= {"subject": "code", "since": "2026-11-20T09:00:00Z"}

OPERATIONS: dict[str, Operation] = {
    "generate": Operation(
        tag="Addresses",
        summary="Get an address",
        answers={201: "The new address, and the token that opens it, shown this once."},
        requests={"usual": {"expires_in": 3600}, "chosen domain": {"domain": "mail.example"}},
        examples={201: examples.CREATED},
        headers={201: ("RateLimit", "RateLimit-Policy")},
        codes={
            403: ("insufficient_scope", "captcha_failed", "blocked", "local_part_not_allowed"),
            409: ("address_taken", "domain_unavailable"),
            422: ("invalid", "idempotency_key_reused"),
            503: ("paused", "unavailable"),
        },
        links={
            201: {
                "list": (
                    "list_emails",
                    {"address": "$response.body#/address"},
                    "The mail of the new address, with its token.",
                ),
                "empty": (
                    "delete_emails",
                    {"address": "$response.body#/address"},
                    "Delete its mail, with its token.",
                ),
            }
        },
        without_token=True,
    ),
    "captcha": Operation(
        tag="Addresses",
        summary="Get a CAPTCHA to solve",
        answers={200: "What to solve in place of an API key."},
        examples={200: examples.CAPTCHA},
    ),
    "list_domains": Operation(
        tag="Addresses",
        summary="List the domains",
        answers={200: "The domains that new addresses can have."},
        examples={200: examples.DOMAINS},
    ),
    "read_address": Operation(
        tag="Addresses",
        summary="See an address",
        answers={200: "How long the address lives."},
        parameters=_MINE,
        examples={200: examples.ADDRESS_STATE},
    ),
    "change_address": Operation(
        tag="Addresses",
        summary="Extend an address",
        answers={200: "How long the address lives now."},
        parameters=_MINE,
        requests={"a day": {"expires_in": 86400}},
        examples={200: examples.ADDRESS_STATE},
    ),
    "list_emails": Operation(
        tag="Mail",
        summary="List mail, or wait for it",
        answers={
            200: "A page of the mailbox, newest first. `timed_out` is true where a wait ended without mail.",
            304: "Nothing has changed since the list with this ETag.",
        },
        parameters=_LIST_QUERY,
        examples={200: examples.LIST},
        codes={404: ("not_found", "cursor_unknown")},
        headers={200: ("ETag",), 304: ("ETag",)},
        links={
            200: {
                "more": (
                    "list_emails",
                    {"address": "$request.path.address", "cursor": "$response.body#/next_cursor"},
                    "The next page.",
                ),
                "newer": (
                    "list_emails",
                    {"address": "$request.path.address", "after": "$response.body#/position"},
                    "What has come since.",
                ),
                "read": ("read_email", _FIRST, "The newest of these in full."),
                "source": ("read_source", _FIRST, "The newest of these as it came."),
                "delete": ("delete_email", _FIRST, "Delete the newest of these."),
            }
        },
    ),
    "read_latest": Operation(
        tag="Mail",
        summary="Read the newest message, or wait for it",
        answers={200: "The newest message that matches, in full."},
        parameters=_LIST_QUERY,
        examples={200: examples.EMAIL},
        links={200: {"delete": ("delete_email", _THIS, "Delete it.")}},
    ),
    "read_email": Operation(
        tag="Mail",
        summary="Read a message",
        answers={200: "The message in full."},
        parameters={"message_id": examples.ID},
        examples={200: examples.EMAIL},
        links={
            200: {
                "source": ("read_source", _THIS, "The message as it came."),
                "attachment": (
                    "read_attachment",
                    {**_THIS, "n": "$response.body#/attachments/0/id"},
                    "Its first attachment.",
                ),
                "delete": ("delete_email", _THIS, "Delete it."),
            }
        },
    ),
    "read_source": Operation(
        tag="Mail",
        summary="Get a message as it came",
        answers={200: "The message, byte by byte."},
        parameters={"message_id": examples.ID},
        headers={200: ("Content-Disposition",)},
        media=MESSAGE,
    ),
    "read_attachment": Operation(
        tag="Mail",
        summary="Get an attachment",
        answers={200: "The bytes of the attachment."},
        parameters={"message_id": examples.ID, "n": 1},
        headers={200: ("Content-Disposition",)},
        media=BINARY,
    ),
    "delete_email": Operation(
        tag="Mail",
        summary="Delete a message",
        answers={204: "It is deleted."},
        parameters={"message_id": examples.ID},
        links={
            204: {
                "gone": (
                    "read_email",
                    {"message_id": "$request.path.message_id"},
                    "It is not found any more.",
                )
            }
        },
    ),
    "delete_emails": Operation(
        tag="Mail",
        summary="Delete all mail of an address",
        answers={200: "How many messages were deleted, and the operator's signed receipt."},
        parameters=_MINE,
        examples={200: examples.DELETED},
    ),
    "events": Operation(
        tag="Live",
        summary="Follow an address",
        answers={
            200: "A stream that stays open: `message` (data: the message as in the list), `alive`, "
            "`ends`, `ended`, `frozen`."
        },
        parameters=_MINE,
        examples={200: examples.EVENTS},
        media=STREAM,
    ),
    "create_webhook": Operation(
        tag="Webhooks",
        summary="Add a webhook",
        answers={
            201: "The webhook, and the secret that its calls are signed with, shown this once."
        },
        parameters=_MINE,
        requests={"usual": {"url": examples.WEBHOOK["url"]}},
        examples={201: {**examples.WEBHOOK, "secret": examples.SECRET}},
        codes={403: ("frozen", "webhook_url_refused", "webhooks_off"), 409: ("too_many_webhooks",)},
        links={
            201: {
                "remove": (
                    "delete_webhook",
                    {"address": "$request.path.address", "webhook_id": "$response.body#/id"},
                    "Remove it.",
                )
            }
        },
    ),
    "list_webhooks": Operation(
        tag="Webhooks",
        summary="List the webhooks",
        answers={200: "The webhooks of this address, without their secrets."},
        parameters=_MINE,
        examples={200: {"items": [examples.WEBHOOK]}},
        links={
            200: {
                "remove": (
                    "delete_webhook",
                    {
                        "address": "$request.path.address",
                        "webhook_id": "$response.body#/items/0/id",
                    },
                    "Remove the first of these.",
                )
            }
        },
    ),
    "delete_webhook": Operation(
        tag="Webhooks",
        summary="Remove a webhook",
        answers={204: "It is removed."},
        parameters={**_MINE, "webhook_id": examples.WEBHOOK_ID},
    ),
}
