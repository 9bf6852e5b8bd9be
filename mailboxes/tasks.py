"""What Celery beat runs. Each task is named, idempotent, and calls the same services as everything else."""

from celery import shared_task

from mailboxes.services import ending


@shared_task(name="mailboxes.purge_ended_mailboxes", time_limit=300)
def purge_ended_mailboxes() -> int:
    """Remove mailboxes whose time is over; return how many."""
    return ending.purge_ended_mailboxes()


@shared_task(name="mailboxes.purge_records", time_limit=300)
def purge_records() -> int:
    """Remove records past their retention; return how many."""
    return ending.purge_records()
