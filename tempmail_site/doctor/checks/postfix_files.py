"""Postfix's configuration: there, the one that would be rendered now, and one that Postfix understands."""

import shutil
from collections.abc import Iterator

from django.conf import settings

from postfix import own_check, render, site_values
from tempmail_site.doctor import installed, looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LOWEST = (3, 7)


@check("postfix.installed", "Postfix reads its files from here.")
def present() -> Iterator[Finding]:
    """All that are rendered."""
    looking.need_postfix()
    directory = settings.POSTFIX_CONFIG_DIR
    missing = [name for name in render.FILES if not (directory / name).is_file()]
    if missing:
        words = f"{', '.join(missing)} is missing in {directory}"
        yield fault(words, f"manage.py render_postfix --output {directory}")
    else:
        yield ok(str(directory))


@check(
    "postfix.rendered", "Settings that were changed by hand, or never rendered again, do not hold."
)
def rendered() -> Iterator[Finding]:
    """What is installed says the same as what render_postfix would write now, with the words it was given then."""
    main = installed.text("main.cf")
    words = render.noted_words(main)
    if words is None:
        what = "main.cf does not say how it was rendered: it is not render_postfix's, or an older one's"
        yield fault(what, f"Render it again: {_command([])}")
        return
    try:
        wanted = render.render(site_values.site_values(words))
    except ValueError as error:
        yield fault(
            f"it cannot be rendered: {looking.one_line(str(error))}", "Correct that setting."
        )
        return
    found = False
    for what in _differences(wanted):
        found = True
        yield fault(what, f"{_command(words)}, then postfix reload")
    if not found:
        yield ok("it is what would be rendered now")


def _differences(wanted: dict[str, str]) -> Iterator[str]:
    now, then = installed.values(installed.text("main.cf")), installed.values(wanted["main.cf"])
    for name in sorted({*now, *then}):
        if now.get(name) != then.get(name):
            yield f"main.cf: {name} is {_said(now.get(name))}, and would be {_said(then.get(name))}"
    for name in ("master.cf", "delivery_status", "header_checks"):
        theirs = set(installed.logical_lines(installed.text(name)))
        ours = set(installed.logical_lines(wanted[name]))
        for line in sorted(theirs - ours):
            yield f"{name}: has {_said(line)}"
        for line in sorted(ours - theirs):
            yield f"{name}: lacks {_said(line)}"


def _said(value: str | None) -> str:
    return "not set" if value is None else repr(looking.one_line(value))


def _command(words: list[str]) -> str:
    options = "".join(f" --set {word}" for word in words)
    return f"manage.py render_postfix --output {settings.POSTFIX_CONFIG_DIR}{options}"


@check("postfix.understood", "A name that Postfix does not know is a setting that does not hold.")
def understood() -> Iterator[Finding]:
    """postconf(1) reads all of it, and warns of what is unused."""
    installed.text("main.cf")
    found = False
    for option in ("-n", "-M"):
        done = looking.run("postconf", "-c", str(settings.POSTFIX_CONFIG_DIR), option)
        for line in done.errors.splitlines():
            found = True
            yield fault(looking.one_line(line), "Render the files again, or correct the template.")
    if not found:
        yield ok("postconf warns of nothing")


@check("postfix.check", "With a wrong owner or mode of its directories Postfix does not start.")
def complaints_of_postfix() -> Iterator[Finding]:
    """Postfix's own check; it makes queue directories that are missing."""
    installed.text("main.cf")
    looking.need_root("What `postfix check` finds")
    program = shutil.which("postfix", path=looking.PATH)
    if program is None:
        raise CannotLook("the program postfix is not installed")
    env = {"PATH": looking.PATH, "LANG": "C"}
    complaints = own_check.complaints(program, settings.POSTFIX_CONFIG_DIR, env)
    for text in complaints:
        yield fault(looking.one_line(text), "Do what it says; `postfix set-permissions` may help.")
    if not complaints:
        yield ok("has nothing to complain of")


@check(
    "postfix.version", "Older ones let mail be smuggled in, and lack settings that are rendered."
)
def version() -> Iterator[Finding]:
    """3.7 with its patches, and later."""
    looking.need_postfix()
    done = looking.run("postconf", "-d", "mail_version", "smtpd_forbid_bare_newline")
    text = done.output.partition("mail_version = ")[2].partition("\n")[0].strip()
    numbers = tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
    if not numbers:
        raise CannotLook("postconf does not say which version it is")
    if numbers < _LOWEST:
        yield fault(f"Postfix {text}", "Upgrade it: 3.7 or later is needed.")
    elif "smtpd_forbid_bare_newline =" not in done.output:
        words = f"Postfix {text} is not patched against SMTP smuggling (CVE-2023-51764)"
        yield fault(words, "Install its security updates.")
    elif "unknown parameter" in done.errors:
        yield warning(looking.one_line(done.errors), "Install its security updates.")
    else:
        yield ok(f"Postfix {text}")
