"""`COUNT MESSAGES`: make mailboxes that hold so many messages each; answer with public id, address and token of each.

`plain TOKEN` makes the rows of a mailbox hold what is in them, without a seal, for tests.benchmarks.plain_site.
"""

from collections.abc import Callable

from tests.benchmarks.inside import answering


def make() -> Callable[..., object]:
    """Nothing is made before it is asked for."""
    from django.db import transaction

    from mailboxes.models.messages import Message
    from mailboxes.rules import sealing
    from mailboxes.services import creation, intake, reading
    from mailboxes.services.parcels import Envelope
    from tests.benchmarks import instances, mail_path

    def plain(token: str) -> object:
        opened = reading.open_by_token(token)
        kind = sealing.Kind.SUMMARY
        for row in Message.objects.filter(mailbox=opened.mailbox):
            summary = sealing.unseal(opened.key, kind, row.id.bytes, bytes(row.sealed_summary))
            Message.objects.filter(pk=row.pk).update(sealed_summary=summary)
        type(opened.mailbox).objects.filter(pk=opened.mailbox.pk).update(
            sealed_address=opened.address.encode()
        )
        return "plain"

    def answer(*words: str) -> object:
        if words[0] == "plain":
            return plain(words[1])
        count, messages = map(int, words)
        with transaction.atomic():
            made = [creation.create() for _ in range(count)]
        for number, each in enumerate(made):
            for place in range(messages):
                body = instances.body(number * messages + place, mail_path.SMALL)
                intake.store(Envelope("4Bench", "sender@example.org", (each.address,)), body)
        return [(each.mailbox.public_id, each.address, each.token) for each in made]

    return answer


if __name__ == "__main__":
    answering.serve(make)
