"""Every class of data that the service has: what it is for, how long it is kept, what removes it.

The privacy page is made from this table. A test fails where a field, a cookie, a log or something in Redis is in no
class. Numbers are asked of the code that goes by them.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailboxes.gate import (
    client_key,
    limits,
    operators,
    places,
    proof_of_work,
    questions,
    site,
    visitor,
)
from mailboxes.services import (
    abuse,
    audit,
    domain_use,
    heartbeats,
    idempotency,
    retention,
    samples,
    timeline,
    webhook_limits,
)
from mailboxes.web import cookies, receipt, report

_DAY = 86_400
# Of programs beside this one, which may not be imported here; a test compares them.
MAIL_LOG_SECONDS = 2 * 300  # deploy.local.mail_log: the log of this interval, and that of the last
RATE_SECONDS = 70  # delivery.rates
BAN_SECONDS = 3600  # deploy/fail2ban/jail.d
# deploy/nginx/tempmail-nginx.logrotate: six files of a day, and the one that is written
WEB_LOG_DAYS = 7


class Section(enum.Enum):
    """Where a class stands on the privacy page."""

    MAIL = _("Your address and your mail")
    TRACES = _("What stays for a while after them")
    OPERATOR = _("What operators and other programs leave")
    MEMORY = _("In memory only")
    LOGS = _("Logs and the queue")
    COOKIES = _("Cookies")


@dataclass(frozen=True, slots=True)
class Kept:
    """How long. `words` have %(time)s in them where `seconds` says a time."""

    words: Promise
    seconds: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class DataClass:
    """One class of data.

    `covers` are fields ("Mailbox.id"), models of Django ("auth.User"), patterns of Redis keys ("redis:..."), kinds of
    cookies ("cookie:..."), log handlers ("log:...") and files ("file:..."). `task` is the Celery task that removes it.
    """

    section: Section
    name: Promise
    purpose: Promise
    kept: Kept
    removed_by: Promise
    covers: tuple[str, ...]
    task: str = ""
    cookie: Callable[[], str] | None = None


def _fields(model: str, names: str) -> tuple[str, ...]:
    return tuple(f"{model}.{name}" for name in names.split())


def _days(days: int) -> Callable[[], int]:
    return lambda: days * _DAY


def _solution_seconds() -> int:
    return max(questions.LIFETIME, proof_of_work.LIFETIME) + 60


def _session_seconds() -> int:
    return operators.LONGEST_SESSION + site.admin_cookie()[1]


_TIME = _("%(time)s")
_AT_MOST = _("%(time)s at the longest")
_FOREVER = Kept(_("for good"))
_UNTIL_REMOVED = Kept(_("until the operator removes it"))
_BY_PURGE = _("you, or the purge after its end")
_BY_CLEAN_UP = _("the clean-up of records")
_BY_NOBODY = _("nothing")
_BY_OPERATOR = _("the operator")
_BY_ITSELF = _("its own time limit")
_BY_BROWSER = _("your browser")
_PURGE, _CLEAN_UP = "mailboxes.purge_ended_mailboxes", "mailboxes.purge_records"

_MAIL = (
    DataClass(
        Section.MAIL,
        _("Address and mail"),
        _(
            "Sender, subject, text, attachments, codes, and the address itself: so that you can read them. Sealed."
        ),
        Kept(
            _("%(time)s at the longest, until the address ends, or until you delete them"),
            retention.mailbox_seconds,
        ),
        _BY_PURGE,
        ("Mailbox.sealed_address", "Message.sealed_summary", "MessageSource.sealed"),
        _PURGE,
    ),
    DataClass(
        Section.MAIL,
        _("Beside the address, not sealed"),
        _(
            "A random number, a fingerprint by which mail finds it, the public half of its key, on which of our "
            "domains it is; when it was made, was last used, ends, and could end at the latest; whether the operator "
            "has frozen it; how many messages and bytes it has and has had, and how many webhooks. So that mail is let "
            "in, counted and stopped in time."
        ),
        Kept(_("as long as the address")),
        _BY_PURGE,
        _fields(
            "Mailbox",
            "id public_id address_digest public_key domain created_at expires_at max_expires_at last_activity_at "
            "ends_at frozen_at message_count stored_bytes last_sequence webhook_count",
        ),
        _PURGE,
    ),
    DataClass(
        Section.MAIL,
        _("Beside each message, not sealed"),
        _(
            "A random number, the mailbox it is in and its place there, when it arrived, how large it is, whether it "
            "was opened, and whether it could be read in full: so that it can be listed."
        ),
        Kept(_("as long as the message")),
        _BY_PURGE,
        (
            *_fields("Message", "id mailbox sequence received_at size seen partial"),
            *_fields("MessageSource", "received_at id"),
        ),
        _PURGE,
    ),
    DataClass(
        Section.MAIL,
        _("Webhooks"),
        _(
            "Only if you had one made by a program: where to tell of new mail and the key that signs it, sealed to the "
            "operator’s key, as the service has to read them; a fingerprint of the domain; how it went; and which "
            "messages are still to be told of, as random numbers."
        ),
        Kept(_("as long as the address, or until you remove them")),
        _BY_PURGE,
        (
            *_fields(
                "Webhook",
                "id mailbox created_at sealed domain_digest last_result failures failing_since disabled_at",
            ),
            *_fields("WebhookEvent", "id webhook message_id attempts due_at"),
        ),
        _PURGE,
    ),
)

_TRACES = (
    DataClass(
        Section.TRACES,
        _("A fingerprint of every address ever given out"),
        _(
            "So that none is given out twice. It is made with a secret key of ours and holds nothing but the address; "
            "who does not have that key cannot even test whether an address was one. Beside them one of that key, so "
            "that a wrong one is noticed."
        ),
        _FOREVER,
        _BY_NOBODY,
        ("IssuedAddress.digest", *_fields("KeyFingerprint", "name fingerprint")),
    ),
    DataClass(
        Section.TRACES,
        _("A fingerprint of each delivery"),
        _(
            "So that no mail appears twice, and none that you deleted comes back. With the time of the delivery."
        ),
        Kept(
            _("%(time)s, as long as a delivery may be repeated"), retention.delivery_record_seconds
        ),
        _BY_CLEAN_UP,
        _fields("DedupeRecord", "digest created_at"),
        _CLEAN_UP,
    ),
    DataClass(
        Section.TRACES,
        _("That a program’s request was answered"),
        _(
            "In which hour, fingerprints of the request and a random number: so that one that is repeated gives the "
            "same address. Made with the program’s key, which we do not keep; nothing in it leads to the address."
        ),
        Kept(_TIME, lambda: idempotency.SECONDS + 3600),
        _BY_CLEAN_UP,
        _fields("IdempotencyRecord", "digest request_digest salt created_at"),
        _CLEAN_UP,
    ),
    DataClass(
        Section.TRACES,
        _("That an inbox was removed"),
        _(
            "Its random number, when, why, how many messages and bytes; not its address. For finding faults."
        ),
        Kept(_TIME, _days(retention.PURGE_RECORD_DAYS)),
        _BY_CLEAN_UP,
        _fields("PurgeRecord", "id mailbox_public_id purged_at reason messages bytes"),
        _CLEAN_UP,
    ),
    DataClass(
        Section.TRACES,
        _("The service’s trials of itself"),
        _(
            "When, how long the mail took, how late the purge was, what failed: the status page shows it. Nothing of "
            "visitors."
        ),
        Kept(_TIME, _days(retention.CANARY_RUN_DAYS)),
        _BY_CLEAN_UP,
        _fields("CanaryRun", "id started_at ends_at state reason delivery_ms purge_lag_ms sealed"),
        _CLEAN_UP,
    ),
    DataClass(
        Section.TRACES,
        _("What the clock said"),
        _("So that no wrong clock ends what should live. Nothing of visitors."),
        Kept(_("the last readings only")),
        _("the next reading"),
        _fields("ClockReading", "kind database_time boot_id uptime"),
    ),
)

_OPERATORS = (
    DataClass(
        Section.OPERATOR,
        _("Mail to the operator"),
        _("What is sent to abuse@ or postmaster@ of our domains, sealed to the operator’s key."),
        Kept(_TIME, _days(retention.OPERATOR_MESSAGE_DAYS)),
        _BY_CLEAN_UP,
        _fields(
            "OperatorMessage",
            "id local_part domain_name received_at size sealed_summary sealed_source",
        ),
        _CLEAN_UP,
    ),
    DataClass(
        Section.OPERATOR,
        _("Reports of abuse"),
        _(
            "What you wrote is sealed to the operator’s key; beside it stand the kind, a reference, the day and time, "
            "what was decided and when, and a fingerprint of the address that you reported if it is one of ours. Your "
            "network address is not kept."
        ),
        Kept(_TIME, _days(abuse.REPORT_DAYS)),
        _BY_CLEAN_UP,
        _fields(
            "AbuseReport",
            "id reference created_at kind address_digest sealed state decided_at decision",
        ),
        _CLEAN_UP,
    ),
    DataClass(
        Section.OPERATOR,
        _("What the operator refuses"),
        _(
            "Domains and networks that mail is not taken from, senders as fingerprints, names that nobody may choose; "
            "when and why: so that abuse ends."
        ),
        Kept(_("until it is taken back, or to a time that was set")),
        _("the operator, or the clean-up of records"),
        _fields("Block", "id kind value digest reason created_at expires_at"),
        _CLEAN_UP,
    ),
    DataClass(
        Section.OPERATOR,
        _("What operators did"),
        _(
            "Who of them did what, when, why and to what: a random number, or the name of a domain, a key or an "
            "account. So that they can be held to it. No address of visitors."
        ),
        Kept(_TIME, _days(audit.RECORD_DAYS)),
        _BY_CLEAN_UP,
        (*_fields("ModerationRecord", "id at act subject reason actor"), "admin.LogEntry"),
        _CLEAN_UP,
    ),
    DataClass(
        Section.OPERATOR,
        _("Keys of the API"),
        _(
            "The name that the operator gave it, a fingerprint, what it may do and how often, when it was made and "
            "revoked, and the day of its last use; not what was made with it."
        ),
        _UNTIL_REMOVED,
        _BY_OPERATOR,
        (
            *_fields(
                "ApiKey",
                "id name digest may_create may_choose_name any_domain creations_per_minute creations_per_day "
                "created_at last_used_on revoked_at",
            ),
            *_fields("ApiKey_domains", "id apikey domain"),
        ),
    ),
    DataClass(
        Section.OPERATOR,
        _("Settings"),
        _(
            "Our domains, what is wrong with them, and whether addresses are given out right now. Nothing of visitors."
        ),
        _UNTIL_REMOVED,
        _BY_OPERATOR,
        (
            *_fields(
                "Domain",
                "id name accepts_mail offered subdomains weight created_at retired_at health",
            ),
            *_fields("DomainReport", "domain checked_at findings"),
            *_fields("AbuseControls", "id blocks_version creation_paused_at"),
        ),
    ),
    DataClass(
        Section.OPERATOR,
        _("Operators’ accounts"),
        _(
            "Name, mail address if given, a hash of the password, role, last sign-in; of a second factor its key, when "
            "it was used and how often it was got wrong, and recovery codes as fingerprints."
        ),
        _UNTIL_REMOVED,
        _BY_OPERATOR,
        (
            "auth.User",
            "auth.Group",
            "auth.Permission",
            "contenttypes.ContentType",
            "otp_totp.TOTPDevice",
            "otp_static.StaticDevice",
            "otp_static.StaticToken",
        ),
    ),
    DataClass(
        Section.OPERATOR,
        _("Operators’ sessions"),
        _("That an operator has signed in. Visitors have no sessions."),
        Kept(_AT_MOST, _session_seconds),
        _BY_CLEAN_UP,
        ("sessions.Session",),
        _CLEAN_UP,
    ),
    DataClass(
        Section.OPERATOR,
        _("Backups"),
        _(
            "If the operator makes any: domains, what is refused, keys of the API and accounts as above, and the "
            "fingerprints of addresses given out. No inbox, no address, no mail. Encrypted."
        ),
        Kept(_("as long as the operator keeps them")),
        _BY_OPERATOR,
        ("file:backup",),
    ),
)

_MEMORY = (
    DataClass(
        Section.MEMORY,
        _("Counts of requests"),
        _(
            "To stop floods we count requests under a fingerprint of your network address, made with a key that is "
            "new every day, or of a program’s key. The address itself is not stored."
        ),
        Kept(_AT_MOST, lambda: max(client_key.KEY_LIFETIME, visitor.LIFETIME, limits.LONGEST)),
        _BY_ITSELF,
        ("redis:tempmail:*:rl:*", "redis:tempmail:*:client-key"),
    ),
    DataClass(
        Section.MEMORY,
        _("Numbers of each minute"),
        _(
            "How much mail came, was refused and is kept, how many requests and open pages there were: for the "
            "operator’s charts. They name nobody."
        ),
        Kept(_AT_MOST, lambda: samples.MINUTES * 60),
        _BY_ITSELF,
        ("redis:tempmail:samples",),
    ),
    DataClass(
        Section.MEMORY,
        _("Used solutions"),
        _("A fingerprint of each solution of our test for programs, so that it counts once."),
        Kept(_AT_MOST, _solution_seconds),
        _BY_ITSELF,
        ("redis:tempmail:*:used:*",),
    ),
    DataClass(
        Section.MEMORY,
        _("Who waits for mail"),
        _(
            "A random number for each request of a program that waits, beside the random number of the inbox: so that "
            "none holds too many."
        ),
        Kept(_("as long as it waits; then at most %(time)s"), lambda: places.LONGEST_UNRENEWED),
        _BY_ITSELF,
        ("redis:tempmail:open:*",),
    ),
    DataClass(
        Section.MEMORY,
        _("Counts of calls"),
        _("How many webhooks called a server, under its fingerprint: so that none is flooded."),
        Kept(_AT_MOST, lambda: webhook_limits.SECONDS),
        _BY_ITSELF,
        ("redis:tempmail:webhooks:*",),
    ),
    DataClass(
        Section.MEMORY,
        _("Where your mail is"),
        _(
            "When mail for your address was let in or turned away and why, whether the connection was encrypted, when "
            "it was stored, how large it was, its number in the mail server: so that you see what became of it, and "
            "an operator whom you tell the address. Under a fingerprint of the address; nothing of sender or content."
        ),
        Kept(_("%(time)s at the longest, or until the address ends"), lambda: timeline.SECONDS),
        _BY_ITSELF,
        ("redis:tempmail:timeline:*",),
    ),
    DataClass(
        Section.MEMORY,
        _("Counts of addresses"),
        _("How many addresses each of our domains was given: so that they take turns."),
        Kept(_AT_MOST, lambda: domain_use.LIFETIME),
        _BY_ITSELF,
        ("redis:tempmail:domains:*",),
    ),
    DataClass(
        Section.MEMORY,
        _("Counts of mail"),
        _(
            "How much a network or a sender’s domain sends, under fingerprints made with a key that lives no longer "
            "than the program: so that floods are slowed down."
        ),
        Kept(_AT_MOST, lambda: max(RATE_SECONDS, retention.cut_off_seconds())),
        _BY_ITSELF,
        ("memory:delivery.rates",),
    ),
    DataClass(
        Section.MEMORY,
        _("Which task is due, and that there is news"),
        _(
            "Names of tasks without data, and random numbers that tell an open page to look for mail."
        ),
        Kept(_("until it is done")),
        _("whoever does it"),
        (
            "redis:celery",
            "redis:_kombu.*",
            "redis:unacked*",
            "redis:tempmail:running:*",
            "redis:tempmail:mailbox:*",
        ),
    ),
    DataClass(
        Section.MEMORY,
        _("When tasks last ran"),
        _("Names of tasks, when each ended and how: so that one that stands still is noticed."),
        Kept(_AT_MOST, lambda: heartbeats.SECONDS),
        _BY_ITSELF,
        ("redis:tempmail:ran:*",),
    ),
)

_LOGS = (
    DataClass(
        Section.LOGS,
        _("Our own logs"),
        _(
            "Which kind of page was asked for, when, how it was answered, what failed, under a random number for each "
            "request. No address, network address, subject, key or browser."
        ),
        Kept(_AT_MOST, retention.log_seconds),
        _("the rotation of logs"),
        (
            "log:log",
            *(
                f"file:{name}.log"
                for name in ("site", "worker", "tasks", "smtp", "redis", "postfix")
            ),
        ),
        "mailboxes.rotate_logs",
    ),
    DataClass(
        Section.LOGS,
        _("The database’s log"),
        _("Starts, stops and faults. Neither statements nor values nor who was connected."),
        Kept(_("as long as the operator’s system keeps it")),
        _("that system"),
        ("file:postgresql.log",),
    ),
    DataClass(
        Section.LOGS,
        _("The mail server’s log"),
        _(
            "It cannot do without the sender’s server, sender and recipient. It is kept in memory, never on a disk."
        ),
        Kept(_AT_MOST, lambda: MAIL_LOG_SECONDS),
        _("the program that turns it over"),
        ("memory:mail.log",),
    ),
    DataClass(
        Section.LOGS,
        _("The web server’s log"),
        _(
            "Which public page was asked for, when, how it was answered, and from which network (the first three parts "
            "of an address; /48). Inboxes, keys, programs and reports have no line in it."
        ),
        Kept(_AT_MOST, _days(WEB_LOG_DAYS)),
        _("the rotation of logs"),
        ("file:tempmail.access",),
    ),
    DataClass(
        Section.LOGS,
        _("Who attacks"),
        _(
            "The network addresses of those who scan, flood or guess passwords, with the time and the kind: so that "
            "they can be shut out. In memory, never on a disk."
        ),
        Kept(_AT_MOST, lambda: BAN_SECONDS),
        _("the web server’s timer, and the firewall"),
        ("memory:edge",),
    ),
    DataClass(
        Section.LOGS,
        _("Sums of the mail server’s log"),
        _("How often mail was taken, refused or cut off, and why. They name nobody."),
        _FOREVER,
        _BY_NOBODY,
        ("file:mail-counts.json",),
    ),
    DataClass(
        Section.LOGS,
        _("Counts of what the service does"),
        _(
            "How often what happened and how long it took, for the operator: mail, refusals, requests by kind of page, "
            "limits. They name nobody."
        ),
        Kept(_("until the service is started again")),
        _("the next start"),
        ("file:metrics",),
    ),
    DataClass(
        Section.LOGS,
        _("Mail on its way"),
        _(
            "The mail server’s queue holds a message until it is stored, normally less than a second. Readable."
        ),
        Kept(_("%(time)s at the longest, in an outage"), retention.queue_seconds),
        _("the mail server, as soon as the message is stored"),
        ("file:queue",),
    ),
)

_COOKIES = (
    DataClass(
        Section.COOKIES,
        _("Key"),
        _("One for each open address: its key."),
        Kept(_("until the address ends")),
        _BY_BROWSER,
        ("cookie:mailbox",),
        cookie=lambda: cookies.name("…"),
    ),
    DataClass(
        Section.COOKIES,
        _("Protection of forms"),
        _("A random number that protects forms against misuse by other sites."),
        Kept(_TIME, lambda: site.csrf_cookie()[1]),
        _BY_BROWSER,
        ("cookie:csrf",),
        cookie=lambda: site.csrf_cookie()[0],
    ),
    DataClass(
        Section.COOKIES,
        _("Count"),
        _(
            "After you got an address: a random number, signed, under which we count how many you get."
        ),
        Kept(_TIME, lambda: visitor.LIFETIME),
        _BY_BROWSER,
        ("cookie:visitor",),
        cookie=visitor.cookie_name,
    ),
    DataClass(
        Section.COOKIES,
        _("Receipt of a report"),
        _("Only after a report of abuse: its reference, to show you the receipt."),
        Kept(_TIME, lambda: report.RECEIPT_SECONDS),
        _BY_BROWSER,
        ("cookie:report",),
        cookie=report.cookie_name,
    ),
    DataClass(
        Section.COOKIES,
        _("Receipt of a deletion"),
        _(
            "Only after you deleted all mail or ended an address: the receipt, with the address, to show it to you."
        ),
        Kept(_TIME, lambda: receipt.KEPT_SECONDS),
        _BY_BROWSER,
        ("cookie:receipt",),
        cookie=receipt.cookie_name,
    ),
    DataClass(
        Section.COOKIES,
        _("Operators only"),
        _("That an operator has signed in, and what the admin tells them."),
        Kept(_AT_MOST, _session_seconds),
        _BY_BROWSER,
        ("cookie:session", "cookie:messages"),
        cookie=lambda: site.admin_cookie()[0],
    ),
)

ALL = (*_MAIL, *_TRACES, *_OPERATORS, *_MEMORY, *_LOGS, *_COOKIES)
