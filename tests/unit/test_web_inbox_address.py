"""The address on its inbox page: to scan, to change from, and what alerts need."""

from django.urls import reverse

from mailboxes.gate import captcha
from mailboxes.web import cookies, qr
from tests.unit.web_visitors import inbox_url, visitor


def test_the_switcher_shows_all_addresses_of_this_browser_with_what_is_unread(
    owner, stranger, deliver
):
    deliver(stranger.address)
    page = visitor(owner, stranger).get(inbox_url(owner)).content.decode()
    assert f'<a href="{inbox_url(owner)}" aria-current="page">' in page
    assert f'<a href="{inbox_url(stranger)}"><span' in page
    assert '<span class="number">1<span' in page


def test_the_switcher_shows_nothing_that_the_tokens_do_not_open(owner, stranger):
    client = visitor(owner, stranger)
    client.cookies[f"m-{stranger.mailbox.public_id}"] = owner.token
    page = client.get(inbox_url(owner)).content.decode()
    assert inbox_url(stranger) not in page


def test_another_address_is_one_click_away_where_that_takes_neither_google_nor_another_ones_place(
    owner, monkeypatch
):
    offer = f'action="{reverse("web:create")}" hidden data-one-click'
    assert offer in visitor(owner).get(inbox_url(owner)).content.decode()
    with monkeypatch.context() as patched:
        patched.setattr(captcha, "kind", lambda: captcha.RECAPTCHA)
        response = visitor(owner).get(inbox_url(owner))
        assert offer not in response.content.decode()
        assert "google" not in response["Content-Security-Policy"]
    monkeypatch.setattr(cookies, "LIMIT", 1)
    assert offer not in visitor(owner).get(inbox_url(owner)).content.decode()


def test_the_qr_code_is_an_image_without_style_that_nobody_keeps(owner):
    response = visitor(owner).get(reverse("web:qr", args=[owner.mailbox.public_id]))
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert "<path" in text
    assert "style" not in text
    assert owner.address not in text


def test_a_qr_code_has_its_quiet_zone_and_every_dark_module():
    import segno

    rows = segno.make("mailto:x@example.org", micro=False, error="m").matrix
    drawn = qr.drawing("mailto:x@example.org")
    assert drawn["side"] == len(rows) + 8
    widths = [
        int(part.partition("h")[2].partition("v")[0]) for part in drawn["path"].split("M")[1:]
    ]
    assert sum(widths) == sum(map(sum, rows))


def test_no_page_of_an_inbox_holds_a_token_except_the_recovery_page(owner, deliver):
    deliver(owner.address)
    client = visitor(owner)
    for name in ("inbox", "list", "qr"):
        page = client.get(reverse(f"web:{name}", args=[owner.mailbox.public_id])).content.decode()
        assert owner.token not in page
    recovery = client.post(reverse("web:recovery", args=[owner.mailbox.public_id]))
    assert owner.token in recovery.content.decode()
    assert b"<path" in recovery.content


def test_the_service_worker_is_a_script_at_the_root(client):
    response = client.get("/sw.js")
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"notificationclick" in response.content
    assert "Set-Cookie" not in response
