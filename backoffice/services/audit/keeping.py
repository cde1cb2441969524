"""Months of the record: made ahead, and let go when they are older than six years and unheld."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backoffice.models.audit import AuditAnchor


def keep_months(session: Session) -> None:
    """Make the partitions of this month and the thirteen after it, where they are missing."""
    session.execute(text("SELECT keep_record_months()"))


def drop_old_months(session: Session) -> Mapping[date, str]:
    """Let whole months older than six years go; says of each "dropped" or "held".

    The database decides both: the app may ask for it, and not for more.
    """
    found = session.execute(text("SELECT month, outcome FROM drop_old_record_months()"))
    return {row.month: row.outcome for row in found}


def last_anchored(session: Session) -> date | None:
    """Return the day whose head was last laid down outside the database."""
    query = select(AuditAnchor.day).order_by(AuditAnchor.day.desc()).limit(1)
    return session.scalars(query).one_or_none()
