"""What open and closed browsers are told by: recent changes, and where a push is sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow, PracticeRow
from backoffice.models.sealing import SealedText

_THIS_TRANSACTION = text("pg_current_xact_id()::text::bigint")


class RecentChange(PracticeRow):
    """That a row which people may be watching changed: its id, never what is in it.

    `version` is the row's own, or the number of the transaction where a row has none. `xid` is
    always that number: together with a snapshot it says who can have seen the change. Kept for a
    day. `staff_only`: of an internal note, which a practice's people never hear of.
    """

    __tablename__ = "recent_changes"
    __table_args__ = (
        Index("ix_recent_changes_xid", "practice_id", "xid"),
        Index("ix_recent_changes_created_at", "practice_id", "created_at"),
    )

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(BigInteger, server_default=_THIS_TRANSACTION)
    staff_only: Mapped[bool] = mapped_column(default=False)
    xid: Mapped[int] = mapped_column(BigInteger, server_default=_THIS_TRANSACTION)


class PushSubscription(HouseRow):
    """One browser that its owner asked to be told by push.

    The address is the browser maker's, made for this browser alone: whoever knows it can disturb
    its owner, so it is sealed and found by a keyed hash.
    """

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        UniqueConstraint("endpoint_index"),
        Index("ix_push_subscriptions_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    browser: Mapped[str] = mapped_column(default="")  # as in the list of one's sessions
    endpoint_sealed: Mapped[bytes]
    endpoint_index: Mapped[bytes]
    endpoint = SealedText(indexed=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_sent_at: Mapped[datetime | None]
