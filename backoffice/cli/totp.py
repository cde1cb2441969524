"""`backoffice totp EMAIL`: the code a demo person's authenticator app shows; on a laptop only."""

import ipaddress
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

import click
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from backoffice.config import Settings
from backoffice.models.factors import Factor, FactorKind
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.models.users import User
from backoffice.sandbox.run_file import stack_environment
from backoffice.services.accounts import code_at, email_key, step_of
from backoffice.services.work import sessions, unit_of_work

REFUSED = 1


@click.command()
@click.argument("email")
def totp(email: str) -> None:
    """Print the code that signs EMAIL in now.

    Refused (exit 1) unless this is the sandbox on a loopback address. Every code works once: after
    one was used this is the next, good as long as it is the following half minute's.
    """
    settings = Settings.from_environment(stack_environment())
    if not (settings.sandbox and is_loopback(settings.portal_url)):
        click.echo("Only in the sandbox, on this machine's own loopback address.", err=True)
        sys.exit(REFUSED)
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, poolclass=NullPool, hide_parameters=True)
    query = (
        select(Factor)
        .join(User, User.id == Factor.user_id)
        .where(User.email_key == email_key(email))
        .where(Factor.kind == FactorKind.TOTP, Factor.confirmed_at.is_not(None))
        .order_by(Factor.created_at)
    )
    with unit_of_work(sessions(engine), house=True) as session:
        app = session.scalars(query).first()
        if app is None:
            click.echo("Nobody by that email has an authenticator app here.", err=True)
            sys.exit(REFUSED)
        step = max(step_of(datetime.now(UTC)), app.last_timecode + 1)
        click.echo(code_at(app, step))


def is_loopback(url: str) -> bool:
    """Whether an address leads nowhere but to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
