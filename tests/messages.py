"""Messages that many tests send."""

PLAIN = b"""Received: from client.example.org (client.example.org [192.0.2.1])
\tby mx.tempmail.test (Postfix) with ESMTPS id 4TestQueueId
\tfor <somebody@tempmail.test>; Fri, 20 Nov 2026 10:00:00 +0000 (UTC)
From: Alice Example <alice@example.org>
To: somebody@tempmail.test
Subject: A plain hello
Message-ID: <plain-1@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0000

Hello, this is the body of a plain message.
Your code is 482913.
"""


def plain(subject: str = "A plain hello", body: str = "Hello.", received: str = "one") -> bytes:
    """Return a plain message; `received` stands for the queue id that our smtpd would write."""
    return (
        f"Received: by mx.tempmail.test (Postfix) with ESMTP id {received}\n"
        f"From: Alice Example <alice@example.org>\nSubject: {subject}\n\n{body}\n"
    ).encode()
