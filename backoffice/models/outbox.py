"""The queue: jobs asked for in the business transaction. RQ only rings the bell."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow


class Errand(HouseRow):
    """One job to be done for one subject; ids only, so it stands outside the wall.

    A worker is rung with the errand's id and learns from it the practice and the subject. It is
    rung again until `done_at` is set, so losing Redis costs seconds.
    """

    __tablename__ = "errands"
    __table_args__ = (
        Index("ix_errands_due", "due_at", postgresql_where="done_at IS NULL"),
        UniqueConstraint("job", "subject_id", "turn"),
    )

    job: Mapped[str]  # a name from backoffice/jobs.py
    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practices.id"))
    subject_id: Mapped[UUID]
    turn: Mapped[str] = mapped_column(default="")  # tells apart repeated errands of one subject
    due_at: Mapped[datetime]
    rung_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")  # a code, never a message
    done_at: Mapped[datetime | None]
