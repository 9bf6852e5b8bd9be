"""Sends mail to one address without pause until its standard input ends, and prints what became of it, as JSON.

    python -m tests.system.smtp_senders ADDRESS SESSIONS

A connection for each message: each one meets whatever listens at that moment.
"""

import json
import smtplib
import sys
import threading
from collections import Counter

HOST, PORT, SECONDS = "127.0.0.1", 25, 60.0


def send(recipient: str, subject: str) -> str:
    """Send one message; return "250", another answer's code, or the name of what went wrong."""
    text = f"From: a@example.org\r\nSubject: {subject}\r\n\r\nHello.\r\n"
    try:
        with smtplib.SMTP(HOST, PORT, timeout=SECONDS) as client:
            client.sendmail("a@example.org", [recipient], text)
    except smtplib.SMTPRecipientsRefused as refused:
        return str(refused.recipients[recipient][0])
    except smtplib.SMTPResponseException as answer:
        return str(answer.smtp_code)
    except OSError as error:
        return type(error).__name__
    return "250"


def main() -> None:
    """Send until told to stop."""
    recipient, sessions = sys.argv[1], int(sys.argv[2])
    stop, results = threading.Event(), Counter[str]()
    subjects: list[str] = []

    def work(session: int) -> None:
        number = 0
        while not stop.is_set():
            subject = f"{session}-{number}"
            result = send(recipient, subject)
            results[result] += 1
            if result == "250":
                subjects.append(subject)
            number += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(sessions)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    json.dump({"results": results, "subjects": subjects}, sys.stdout)


if __name__ == "__main__":
    main()
