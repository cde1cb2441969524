"""Names every setting that is unsafe: of the environment, the database and the servers."""

from datetime import datetime

from sqlalchemy.orm import sessionmaker

from backoffice.config import Settings, is_this_machine
from backoffice.services.doctor import database, environment, outside
from backoffice.services.doctor.shapes import Finding, Severity
from backoffice.services.work import WalledSession, unit_of_work

__all__ = ["Finding", "Severity", "findings"]


def findings(
    settings: Settings, factory: sessionmaker[WalledSession], *, now: datetime
) -> list[Finding]:
    """Return all that is unsafe, worst first. Asks each server for at most two seconds.

    `factory` makes sessions of the app role; the keyring is installed.
    """
    found = list(environment.findings(settings))
    with unit_of_work(factory, house=True) as session:
        found += database.findings(
            session, now=now, is_local=is_this_machine(settings.database_url)
        )
    found += outside.findings(settings, now=now)
    return sorted(found, key=lambda each: (each.severity is not Severity.UNSAFE, each.code))
