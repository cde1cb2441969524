"""`backoffice keys`: which keys sealed fields need, and sealing them anew while all goes on."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from uuid import UUID

import click
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from backoffice.config import Settings
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring, SealBroken, install_keyring, key_id_of, keyring
from backoffice.sandbox.run_file import stack_environment
from backoffice.services import field_keys
from backoffice.services.field_keys import KeysMissing, KeyStillNeeded
from backoffice.services.inbound import payment_keys
from backoffice.services.work import WalledSession, sessions, unit_of_work

FINE, PROBLEMS = 0, 1
_TURNS = 5
_PAUSE_SECONDS = 0.5

Factory = sessionmaker[WalledSession]


@click.group()
def keys() -> None:
    """Look after the keys of sealed fields (FIELD_KEYS)."""


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout.")
def status(*, as_json: bool) -> None:
    """Count sealed values by the id of their key. Exit 1 when a key they need is not given."""
    factory = _factory()
    counted = count_all(factory)
    with unit_of_work(factory, house=True) as session:
        known = field_keys.keys_in_use(session)
    since = {name: known[name].isoformat() for name in known}
    _tell(counted, as_json=as_json, since=since, in_the_clear=plain_left(factory))
    lacking = (set(counted) | set(known)) - set(keyring().field_keys)
    sys.exit(PROBLEMS if lacking else FINE)


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout.")
def rotate(*, as_json: bool) -> None:
    """Seal every value of another key, or in the clear, with the first of FIELD_KEYS.

    May run again, beside users; also keys what an earlier release hashed bare.

    Exit 0 when nothing is left, 1 when something is: run it again.
    """
    factory = _factory()
    try:
        with unit_of_work(factory, house=True) as session:
            field_keys.stand_ready(session, now=datetime.now(UTC))
        sealed = reseal_all(factory) + key_payments(factory)
    except KeysMissing as missing:
        raise click.ClickException(str(missing)) from None
    except SealBroken:
        raise click.ClickException("a value does not open: nothing of its batch changed") from None
    counted = count_all(factory)
    plain = plain_left(factory)
    _tell(counted, as_json=as_json, sealed_anew=sealed, in_the_clear=plain)
    sys.exit(FINE if set(counted) <= {key_id_of(keyring())} and not plain else PROBLEMS)


@keys.command()
@click.argument("key_id")
def retire(key_id: str) -> None:
    """Forget KEY_ID, so that it may leave FIELD_KEYS. Restart all processes with the new key first.

    Exit 1 when values are still sealed with it, or it is the current one.
    """
    factory = _factory()
    try:
        if count_all(factory)[key_id]:
            raise KeyStillNeeded
        with unit_of_work(factory, house=True) as session:
            field_keys.retire(session, key_id)
    except KeyStillNeeded:
        click.echo(f"{key_id} is still needed.", err=True)
        sys.exit(PROBLEMS)
    click.echo(f"{key_id} may leave FIELD_KEYS.")


def count_all(factory: Factory) -> Counter[str]:
    """Count all sealed values by key: the house's and each practice's, none twice."""
    with unit_of_work(factory, house=True, practices=_practices(factory)) as session:
        return field_keys.left(session)


def plain_left(factory: Factory) -> int:
    """Count the values that an earlier release kept in the clear."""
    with unit_of_work(factory, house=True, practices=_practices(factory)) as session:
        return field_keys.in_the_clear(session) + payment_keys.bare_left(session)


def key_payments(factory: Factory) -> int:
    """Key every bare hash of a payment, the house's and each practice's; returns how many."""
    keyed = 0
    for practice_id in (None, *_practices(factory)):
        unit, done = _Unit(factory, practice_id), 1
        while done:
            with unit.work() as session:
                done = payment_keys.key_some(session)
            keyed += done
    return keyed


def reseal_all(factory: Factory) -> int:
    """Seal anew until a whole turn finds nothing more; returns how many values were."""
    sealed = 0
    for turn in range(_TURNS):
        done = sum(_resealed(unit, each) for unit, each in _rounds(factory))
        sealed += done
        if not done and not turn:
            break
        if set(count_all(factory)) <= {key_id_of(keyring())} and not plain_left(factory):
            break
        time.sleep(_PAUSE_SECONDS)  # whoever held the rows that are left
    return sealed


class _Unit:
    """Opens one unit of work after the other for one practice, or for the house."""

    def __init__(self, factory: Factory, practice_id: UUID | None) -> None:
        self._factory = factory
        self._practice_id = practice_id

    def work(self) -> AbstractContextManager[Session]:
        if self._practice_id is None:
            return unit_of_work(self._factory, house=True)
        return unit_of_work(self._factory, practices=[self._practice_id])


def _rounds(factory: Factory) -> Iterator[tuple[_Unit, field_keys.SealedColumn]]:
    for practice_id in (None, *_practices(factory)):
        for each in field_keys.sealed_columns():
            yield _Unit(factory, practice_id), each


def _resealed(unit: _Unit, each: field_keys.SealedColumn) -> int:
    sealed, after = 0, None
    while True:
        with unit.work() as session:
            done = field_keys.reseal_some(session, each, after=after)
        if not done:
            return sealed
        sealed, after = sealed + len(done), done[-1]


def _practices(factory: Factory) -> list[UUID]:
    with unit_of_work(factory, house=True) as session:
        return list(session.scalars(select(Practice.id)))


def _factory() -> Factory:
    settings = Settings.from_environment(stack_environment())
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    return sessions(create_engine(settings.database_url, hide_parameters=True))


def _tell(counted: Counter[str], *, as_json: bool, **more: object) -> None:
    current = key_id_of(keyring())
    answer = {"current": current, "values": dict(sorted(counted.items())), **more}
    if as_json:
        click.echo(json.dumps(answer))
        return
    standing = dict.fromkeys(keyring().field_keys, "given") | {current: "current"}
    for name, count in sorted(counted.items()):
        click.echo(f"{name:12} {count:>12,} values  {standing.get(name, 'MISSING')}")
    if more.get("in_the_clear"):
        click.echo(f"{'none':12} {more['in_the_clear']:>12,} values  run: backoffice keys rotate")
