"""The demo's everyday mail: codes and confirmations, newsletters with images and trackers, files."""

from mailboxes.services.demo.building import (
    Letter,
    archive,
    button,
    code_box,
    framed,
    message,
    pdf,
    with_pictures,
)
from mailboxes.services.demo.pictures import landscape

_PIXEL = '<img src="https://track.{host}/open.gif?id=7f3a" width="1" height="1" alt="">'


def sign_ups() -> list[Letter]:
    """One-time codes, links to confirm, and what comes after."""
    orchard = framed(
        "Orchard",
        "<p>Use this code to sign in. It is good for ten minutes.</p>"
        + code_box("482 913")
        + '<p style="color:#5c6b63">If that was not you, ignore this mail: nobody gets in without it.</p>'
        + _PIXEL.format(host="orchard.example"),
    )
    fjord = framed(
        "Fjordline",
        "<p>Welcome aboard. One more step before you can book:</p>"
        + button("Confirm my e-mail address", "https://fjordline.example/confirm/5b1c9e", "#1d4f80")
        + "<p>The link is good for a day.</p>",
        "#1d4f80",
    )
    bank = framed(
        "Harbour Bank",
        "<p>Somebody signs in from a new device. Your security code:</p>"
        + code_box("G-770 314")
        + "<p>We never ask for it by telephone.</p>",
        "#7a1f3d",
    )
    text = "Your Tidepool verification code is 096241.\n\nIt expires in 5 minutes.\n"
    reset = (
        "Hello,\n\nsomebody asked for a new password for your account at Papercrane.\n"
        "Choose one here within an hour:\n\nhttps://papercrane.example/reset?key=c41d77\n\n"
        "If that was not you, there is nothing to do.\n"
    )
    build = "All 1,204 tests passed in 6 min 12 s.\n\nhttps://builds.example/runs/1184\n"
    return [
        Letter(
            212, bytes(message("CI <ci@builds.example>", "[main] build 1184 passed", build)), True
        ),
        Letter(
            96,
            bytes(message("Papercrane <help@papercrane.example>", "Your new password", reset)),
            True,
        ),
        Letter(
            41, bytes(message("Tidepool <code@tidepool.example>", "Verification code", text)), True
        ),
        Letter(
            18,
            bytes(
                message(
                    "Fjordline <hello@fjordline.example>",
                    "Please confirm your e-mail address",
                    "Confirm: https://fjordline.example/confirm/5b1c9e\n",
                    fjord,
                )
            ),
        ),
        Letter(
            6,
            bytes(
                message(
                    "Harbour Bank <alerts@harbourbank.example>",
                    "Your security code",
                    "Your security code is G-770314.\n",
                    bank,
                )
            ),
        ),
        Letter(
            1,
            bytes(
                message(
                    "Orchard <no-reply@orchard.example>",
                    "482 913 is your sign-in code",
                    "Your code is 482 913.\n",
                    orchard,
                )
            ),
        ),
    ]


def newsletters() -> list[Letter]:
    """Newsletters: with images of their own, with remote ones, with trackers, with long texts."""
    kitchen = framed(
        "The Slow Kitchen",
        '<p><img src="cid:picture0" width="512" alt="Hills below an evening sky"></p>'
        '<h2 style="font-size:22px">Seven soups for cold evenings</h2>'
        "<p>Leek and potato, the one with the lemon, and five that need only what is in the house.</p>"
        '<p><img src="cid:picture1" width="512" alt="Hills in the morning"></p>'
        "<h3>This week</h3><ul><li>Bread without kneading</li><li>What to do with a whole celeriac</li>"
        "<li>A letter from the garden</li></ul>" + _PIXEL.format(host="slowkitchen.example"),
        "#9a4b1f",
    )
    shop = framed(
        "Northlight Lamps",
        '<p><img src="https://img.northlight.example/banner.jpg" width="512" alt="All lamps, a fifth off"></p>'
        "<p>Until Sunday every lamp costs a fifth less.</p>"
        + button(
            "To the lamps",
            "https://click.northlight.example/c/8842?u=abc&amp;utm_source=mail",
            "#3b3f8f",
        )
        + '<p style="font-size:12px;color:#777">You get this as you asked for it. '
        '<a href="https://northlight.example/unsubscribe/8842">Unsubscribe</a></p>'
        + _PIXEL.format(host="northlight.example")
        + '<img src="https://pixel.adverts.example/p.png" style="display:none" alt="">',
        "#3b3f8f",
    )
    digest = "The week in open source\n\n" + "\n\n".join(
        f"{number}. {title}\n   https://weekly.example/{number}"
        for number, title in enumerate(
            (
                "A database that fits into a tweet",
                "What we learned from 10,000 bug reports",
                "Mail servers, forty years on",
                "Why our tests take a minute now",
                "In praise of plain text",
            ),
            1,
        )
    )
    lamps = message(
        "Northlight Lamps <news@northlight.example>",
        "A fifth off, until Sunday",
        "All lamps.",
        shop,
    )
    lamps["List-Unsubscribe"] = "<https://northlight.example/unsubscribe/8842>"
    soup = message(
        "The Slow Kitchen <letters@slowkitchen.example>",
        "Seven soups for cold evenings",
        "Soup.",
        kitchen,
    )
    return [
        Letter(
            190,
            bytes(message("Open Weekly <list@weekly.example>", "The week in open source", digest)),
            True,
        ),
        Letter(75, bytes(lamps)),
        Letter(9, bytes(with_pictures(soup, 0, 1))),
    ]


def files() -> list[Letter]:
    """Mail with attachments of several kinds."""
    invoice = message(
        "Brightwater Supplies <billing@brightwater.example>",
        "Invoice 2044-17",
        "Dear customer,\n\nplease find your invoice attached. It is due within 30 days.\n",
    )
    invoice.add_attachment(
        pdf(
            "Brightwater Supplies",
            "Invoice 2044-17",
            "12 boxes of paper    48.00",
            "Due in 30 days",
        ),
        maintype="application",
        subtype="pdf",
        filename="invoice-2044-17.pdf",
    )
    invite = message(
        "Mara Lindqvist <mara@atelier.example>",
        "Studio visit on Thursday",
        "See you at two. Directions are attached.",
    )
    event = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//demo//EN\r\nBEGIN:VEVENT\r\nUID:visit@atelier.example\r\n"
        "DTSTAMP:20260101T120000Z\r\nDTSTART:20270107T140000Z\r\nSUMMARY:Studio visit\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    invite.add_attachment(event, subtype="calendar", filename="visit.ics")
    invite.add_attachment(landscape(2), "image", "png", filename="The way there.png")
    data = message(
        "Meter <reports@meter.example>", "Your export is ready", "The numbers of this month.\n"
    )
    table = "day,visits\n" + "".join(
        f"2026-11-{day:02d},{day * 37 % 211}\n" for day in range(1, 21)
    )
    data.add_attachment(table, subtype="csv", filename="visits.csv")
    data.add_attachment(
        archive([("visits.csv", table), ("readme.txt", "Visits by day.\n")]),
        maintype="application",
        subtype="zip",
        filename="export.zip",
    )
    forwarded = message(
        "Ines Ferreira <ines@atelier.example>", "Fwd: the quote", "Have a look at this one.\n"
    )
    forwarded.add_attachment(
        message("Otto Brandt <otto@timber.example>", "The quote", "Oak, 40 boards: 1,180.\n")
    )
    return [
        Letter(260, bytes(data), True),
        Letter(140, bytes(forwarded), True),
        Letter(52, bytes(invite)),
        Letter(3, bytes(invoice)),
    ]
