"""`backoffice mail`: what the mails look like, and reports of those that came back."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from backoffice.config import Settings
from backoffice.models.people import AccountTopic
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.rules.notices import Topic
from backoffice.sandbox.run_file import stack_environment
from backoffice.services import mails
from backoffice.services.notifications.letters import AnyTopic, Sender
from backoffice.services.notifications.samples import sample
from backoffice.services.work import sessions, unit_of_work

TOPICS: dict[str, AnyTopic] = {topic.value: topic for topic in (*Topic, *AccountTopic)}
FINE, PROBLEMS = 0, 1


@click.group()
def mail() -> None:
    """Look at the mails we send, and take in what mail servers say of them."""


@mail.command()
@click.option("--topic", type=click.Choice(list(TOPICS)), help="One kind only.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write NAME.txt and NAME.html there, for a browser, instead of showing the texts.",
)
def preview(*, topic: str | None, folder: Path | None) -> None:
    """Show each kind of mail, written from made-up facts; nothing is sent."""
    sender = Sender("https://portal.cleanclaim.example", "cleanclaim.example")
    for name, kind in TOPICS.items():
        if topic not in {None, name}:
            continue
        written = sample(kind, sender=sender, recipient="somebody@practice.example")
        text = f"Subject: {written.subject}\n\n{written.text}"
        if folder is None:
            click.echo(f"{click.style(name, bold=True)}\n{text}\n")
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        (folder / f"{name}.html").write_text(written.html, encoding="utf-8")
    if folder is not None:
        click.echo(f"Written to {folder}")


@mail.command()
def bounce() -> None:
    """Take in one report of a mail that could not be delivered, from standard input.

    For the mail server to pipe into what comes to the address that mails are sent from. Exit 0: the
    mail is marked, its address not written to any more; 1: no report of a mail that we know.
    """
    try:
        report = mails.read_report(sys.stdin.buffer.read(mails.LARGEST))
    except mails.NoReport as refused:
        click.echo(f"Left alone: {refused}.", err=True)
        sys.exit(PROBLEMS)
    settings = Settings.from_environment(stack_environment(os.environ))
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, poolclass=NullPool, hide_parameters=True)
    factory = sessions(engine)
    with unit_of_work(factory, house=True) as session:
        of_house = mails.is_about_account(session, report.mail_id)
        practices = session.scalars(select(Practice.id)).all()
    with unit_of_work(factory, practices=practices) as session:
        practice_id = None if of_house else mails.whose(session, report.mail_id)
    if practice_id is None and not of_house:
        click.echo("Left alone: no mail of ours, or one whose practice has left.", err=True)
        sys.exit(PROBLEMS)
    own = [practice_id] if practice_id else []
    take_in = mails.account_mail_bounced if of_house else mails.bounced
    with unit_of_work(factory, practices=own, house=of_house) as session:
        take_in(session, report.mail_id, reason=report.status, now=datetime.now(UTC))
    click.echo(f"{report.mail_id} has bounced ({report.status})")
