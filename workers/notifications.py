"""The jobs that send one mail: composed at the last moment, sent between two units of work."""

from backoffice.gateways.mail import MailRefused, MailUnavailable
from backoffice.services import notifications
from backoffice.services.mails import bouncing
from backoffice.services.notifications import Letter, NotYet, Sender
from workers.runtime import Again, Runtime, Task, errand_job


@errand_job
def send_mail(task: Task, run: Runtime) -> Again | None:
    """Send one mail when it is due; a second run finds it sent and does nothing.

    A run that dies between sending and writing it down sends the mail again under the same
    Message-ID: "something changed" told twice does no harm.
    """
    return deliver(task, run)


def deliver(task: Task, run: Runtime) -> Again | None:
    """Send one mail; see send_mail."""
    with run.work(task.practice_id) as session:
        found = notifications.to_send(
            session, task.subject_id, sender=sender_of(run), now=run.clock()
        )
    if found is None:
        return None
    if isinstance(found, NotYet):
        return Again(found.until - run.clock())
    return _send(task, run, found)


def sender_of(run: Runtime) -> Sender:
    """Return what mails are signed with: the portal's address and the domain they come from."""
    settings = run.settings
    return Sender(settings.portal_url, settings.mail_from.rpartition("@")[2])


def _send(task: Task, run: Runtime, letter: Letter) -> Again | None:
    try:
        run.mail.send(letter.mail)
    except MailRefused as refused:
        with run.work(task.practice_id) as session:
            if refused.of_address:
                bouncing.bounced(session, letter.mail_id, reason=str(refused), now=run.clock())
            else:
                notifications.refused(session, letter.mail_id, reason=str(refused))
        return None
    except MailUnavailable:
        with run.work(task.practice_id) as session:
            wait = notifications.put_off(session, letter.mail_id, now=run.clock())
        return Again(wait) if wait else None
    with run.work(task.practice_id) as session:
        notifications.sent(session, letter, now=run.clock())
    return None


@errand_job
def send_account_mail(task: Task, run: Runtime) -> Again | None:
    """Send one mail about somebody's account; a second run finds it sent and does nothing."""
    return deliver_about_account(task, run)


def deliver_about_account(task: Task, run: Runtime) -> Again | None:
    """Send one mail about an account; see send_account_mail."""
    with run.work(None) as session:
        mail = notifications.account_mail_to_send(
            session, task.subject_id, sender=sender_of(run), now=run.clock()
        )
    if mail is None:
        return None
    try:
        run.mail.send(mail)
    except MailRefused as refused:
        with run.work(None) as session:
            subject_id, reason = task.subject_id, str(refused)
            if refused.of_address:
                bouncing.account_mail_bounced(session, subject_id, reason=reason, now=run.clock())
            else:
                notifications.account_mail_refused(session, subject_id, reason=reason)
        return None
    except MailUnavailable:
        with run.work(None) as session:
            wait = notifications.put_account_mail_off(session, task.subject_id, now=run.clock())
        return Again(wait) if wait else None
    with run.work(None) as session:
        notifications.account_mail_sent(session, task.subject_id, now=run.clock())
    return None


@errand_job
def tell_what_is_due(task: Task, run: Runtime) -> None:
    """Remind, tell of what is past due, and write the summaries whose hour has come."""
    go_round(task, run)


def go_round(task: Task, run: Runtime) -> None:
    """See tell_what_is_due: each act in a unit of its own, and each tells a thing once."""
    practice_id, now = task.subject_id, run.clock()
    for act in (
        notifications.remind,
        notifications.tell_of_what_is_past_due,
        notifications.wake,
        notifications.write_digests,
    ):
        with run.work(practice_id) as session:
            act(session, practice_id, now=now)
