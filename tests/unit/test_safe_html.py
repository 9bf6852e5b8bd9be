"""Nothing in the HTML of mail runs, loads or leaves; what it looks like stays."""

import pytest

from mailboxes.rules import parsing, safe_html

HARMFUL = """
    script alert( onerror onload <svg <math <iframe <form <input x.org url( expression @import fixed
    behavior -moz-binding <meta <base <link <object <embed <video image-set svg+xml relative
"""
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def shown(markup: str) -> str:
    return safe_html.clean(markup, {"a@b": PIXEL}).html


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<ScRiPt/x>alert(1)</sCrIpT >",
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg/onload=alert(1)>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;<img src onerror=alert(1)>'>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "<style></style><img src=x onerror=alert(1)>",
        '<style>a{content:"</style><img src=x onerror=alert(1)>"}</style>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<a href="vbscript:x">x</a>',
        '<a href="/relative">x</a>',
        '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
        '<form action="https://x.org"><input name=p><button>x</button></form>',
        '<meta http-equiv="refresh" content="0;url=https://x.org">',
        '<base href="https://x.org/"><link rel=stylesheet href="https://x.org/a.css">',
        '<object data="https://x.org"></object><embed src="https://x.org">',
        '<video src="https://x.org" autoplay></video><audio src="https://x.org"></audio>',
        '<p style="width:expression(alert(1))">x</p>',
        '<p style="behavior:url(#x)">x</p><p style="-moz-binding:url(x)">x</p>',
        '<p style="position:fixed;top:0">x</p><p style="position : FIXED">x</p>',
        '<p style="pos\\69tion:fixed">x</p><p style="position:f\\69xed">x</p>',
        '<p style="background:url(https://x.org/a)">x</p>',
        '<p style="background:u\\72l(https://x.org/a)">x</p>',
        "<p style=\"background-image:image-set('https://x.org/a' 1x)\">x</p>",
        '<p style="background:-webkit-image-set(url(https://x.org/a) 1x)">x</p>',
        '<p style="--u:url(https://x.org/a);background:var(--u)">x</p>',
        '<p style="list-style:url(https://x.org/a)">x</p><p style="cursor:url(https://x.org),auto">x</p>',
        "<style>@import 'https://x.org/a.css';</style>",
        "<style>@import url(https://x.org/a.css);</style>",
        "<style>@font-face{font-family:x;src:url(https://x.org/f)}</style>",
        "<style>@media all{a{background:url(https://x.org/a)}}</style>",
        "<style>a[href^=x]{background:url(https://x.org/a)}</style>",
        '<img src="https://x.org/a.gif"><img srcset="https://x.org/a 1x">',
        '<img src="//x.org/a.gif"><img src="\\\\x.org\\a.gif">',
        '<img src="data:image/svg+xml;base64,PHN2Zz4="><img src="data:text/html,x">',
        '<table background="https://x.org/a"><tr><td background="https://x.org/b">x</td></tr></table>',
        '<body background="https://x.org/a" onload="alert(1)">x</body>',
        '<body style="background:url(https://x.org/a);position:fixed">x</body>',
        "<style media='x){}@import url(https://x.org/a);('>a{color:red}</style>",
    ],
)
def test_a_payload_is_defused(markup: str) -> None:
    html = shown(markup).lower()
    # In text, where "<" is escaped, anything may be said.
    found = [word for word in HARMFUL.split() if word in html]
    assert not found or ("&lt;" in html and not any(word.startswith("<") for word in found))
    assert "<img src=x" not in html


def test_escapes_in_css_do_not_end_the_style_element() -> None:
    html = shown("<style>a{content:'\\3c/style>\\3cscript>alert(1)'}</style>")
    assert html.count("<") == 4


def test_a_comment_that_goes_does_not_make_a_url_of_its_neighbours() -> None:
    html = shown(
        '<p style="background:url/**/(https://x.org/a)">x</p><style>p{color:url/**/(b)}</style>'
    )
    assert "url(" not in html


def test_a_variable_cannot_carry_a_position() -> None:
    assert "position" not in shown('<p style="--p:fixed;position:var(--p)">x</p>')


def test_links_open_elsewhere_and_tell_nothing() -> None:
    html = shown('<a href="https://x.org/?a=1&amp;b=2" target=_top onclick=x>go</a>')
    assert 'href="https://x.org/?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html
    assert "onclick" not in html
    assert "mailto:a@b.org" in shown('<a href="MAILTO:a@b.org">x</a>').lower()


def test_styles_stay_without_what_is_harmful() -> None:
    html = shown(
        '<p style="color:red;position:fixed;background:#eee url(https://x.org) no-repeat">x</p>'
    )
    assert '<p style="color:red;background:#eee none no-repeat">' in html
    assert 'style="color: rgb(1, 2, 3)' in shown('<p style="color: rgb(1, 2, 3)">').replace(
        "color:rgb", "color: rgb"
    )


def test_style_elements_stay_in_front() -> None:
    markup = (
        "<head><style>@media (max-width:600px){.a{width:100%!important}}</style></head><p class=a>x"
    )
    expected = "<div><style>@media (max-width:600px){.a{width:100%!important}}</style>"
    assert shown(markup) == expected + '<p class="a">x</p></div>'


def test_a_mail_does_not_choose_between_light_and_dark() -> None:
    html = shown(
        "<style>:root{color-scheme:light dark;margin:0}@media (Prefers-Color-Scheme:dark){p{color:#eee}}"
        "@media print{@media (prefers-color-scheme: dark) and (width>1px){p{color:#ddd}}b{margin:0}}</style>"
        '<p style="color-scheme:dark;margin:0">x</p><style media="(prefers-color-scheme:dark)">i{color:#ccc}</style>'
    )
    for gone in ("color-scheme", "#eee", "#ddd", "#ccc"):
        assert gone not in html.lower()
    assert "b{margin:0}" in html


def test_the_wrapper_keeps_the_look_of_the_body() -> None:
    markup = '<body bgcolor="#ffeedd" text=navy dir=rtl style="margin:0;font-family:\'A\'">x</body>'
    expected = "background-color:#ffeedd;color:navy;margin:0;font-family:&#x27;A&#x27;"
    assert shown(markup) == f'<div style="{expected}" dir="rtl">x</div>'


def test_a_wrapper_cannot_be_broken_out_of() -> None:
    html = shown("<body bgcolor='red\"><script>' style='color:\"&gt;&lt;script>'>x")
    assert "<script" not in html


def test_remote_resources_are_counted() -> None:
    markup = (
        '<body background="http://x/1"><img src="https://x/2"><img src="//x/3">'
        '<p style="background:url(http://x/4)"><style>a{background:url("http://x/5")}</style>'
        '<style>@import "http://x/6";</style><td background=http://x/7><iframe src=http://x/8></iframe>'
        '<img src="cid:a@b"><img src="data:image/gif;base64,R0lGODlh"><a href="http://x/">'
    )
    assert safe_html.clean(markup.replace("<td", "<table><tr><td"), {}).blocked == 8
    assert safe_html.clean("<p>nothing</p>", {}).blocked == 0


def test_inline_images_are_put_in_place() -> None:
    assert shown('<img src="cid:a@b" alt=x>') == f'<div><img src="{PIXEL}" alt="x"></div>'
    assert f'src="{PIXEL}"' in shown('<img src="CID:a%40b">')
    assert shown('<img src="cid:unknown" alt=x>') == '<div><img alt="x"></div>'


def attachment(content: bytes, content_id: str) -> parsing.Attachment:
    return parsing.Attachment(1, "a", "image/png", content, content_id, inline=True)


def test_only_raster_images_of_bounded_size_are_inlined() -> None:
    gif = b"GIF89a" + b"x" * 10
    assert safe_html.inline_images([attachment(gif, "a")]) == {
        "a": "data:image/gif;base64,R0lGODlheHh4eHh4eHh4eA=="
    }
    assert safe_html.inline_images([attachment(b"<svg>", "a"), attachment(gif, "")]) == {}
    large = b"GIF89a" + b"x" * safe_html.IMAGE_BYTES
    assert safe_html.inline_images([attachment(large, "a")]) == {}
    many = [attachment(large[:-6], str(number)) for number in range(6)]
    assert list(safe_html.inline_images(many)) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000 + "seen",
        "".join(f"<font color={number}>" for number in range(300)) + "<p>seen" * 20_000,
        "seen" + "<b>x</b>" * 200_000,
        "seen" + " " * safe_html.html_cost.MAX_CHARACTERS,
    ],
    ids=["deep", "formatting", "tags", "long"],
)
def test_html_that_costs_too_much_is_shown_as_text(markup: str) -> None:
    html = shown(markup)
    assert html.startswith('<div><div style="white-space:pre-wrap">')
    assert "seen" in html


@pytest.mark.parametrize(
    "markup",
    [
        "seen<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
        "seen<style>" + "(" * 250_000 + "</style>",
        "seen<style>" + "{" * 250_000 + "</style>",
        "seen<style>" + "@media x{" * 30_000 + "</style>",
        'seen<p style="' + "(" * 250_000 + '">',
        "seen" + "<!--" * 500_000,
        "seen" + "<" * 1_000_000,
        "seen" + '<p style="color:rgb(1,2,3">' * 20_000,
    ],
    ids=["attributes", "parentheses", "braces", "media", "style", "comments", "angles", "styles"],
)
def test_hostile_html_is_survived(markup: str) -> None:
    assert "seen" in shown(markup)


def test_an_empty_message_gives_an_empty_fragment() -> None:
    assert safe_html.clean("", {}) == safe_html.SafeHtml("<div></div>", 0)
