"""Months of the record: made ahead, and let go when they are older than six years and unheld."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select, text
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


def last_anchored(session: Session) -> datetime | None:
    """Return when a day's head was last laid down outside the database."""
    return session.scalar(select(func.max(AuditAnchor.anchored_at)))
