"""Tasks: what somebody of the house is to do, raised once for each cause."""

import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import PracticeRow, within_practice


class TaskKind(enum.StrEnum):
    """What is to be done."""

    FOLLOW_UP = "follow_up"
    """What a thread asks for."""
    MAIL_BOUNCED = "mail_bounced"
    """A person's address takes no mail: find the right one."""
    EOB_WANTED = "eob_wanted"
    """The payer sends no payment reports: get the EOB from the practice."""


class TaskState(enum.StrEnum):
    """Whether it is still to be done."""

    OPEN = "open"
    DONE = "done"


class Task(PracticeRow):
    """One thing to do. Its cause is a word of ours and ids: asking twice for one cause is one task.

    `user_id` is the person whom it is about, `owner_id` who does it.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        within_practice("claim_id", "claims"),
        within_practice("client_id", "clients"),
        within_practice("thread_id", "threads"),
        within_practice("document_id", "documents"),
        UniqueConstraint("practice_id", "cause"),
        Index("ix_tasks_state", "practice_id", "state", "due_on", "id"),
    )

    kind: Mapped[TaskKind]
    cause: Mapped[str]
    title: Mapped[str] = mapped_column(default="")  # typed by staff, or empty
    claim_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    thread_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_on: Mapped[date | None]
    state: Mapped[TaskState] = mapped_column(default=TaskState.OPEN)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
