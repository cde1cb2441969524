"""Canned replies: words kept ready for threads, the house's and those of one practice."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from backoffice.models.base import HouseRow, PracticeRow


class HouseReply(HouseRow):
    """A reply for the threads of all practices. It names nobody: merge fields do."""

    __tablename__ = "house_replies"

    name: Mapped[str]
    body: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class CannedReply(PracticeRow):
    """A reply for the threads of one practice; it stands before the house's of the same name."""

    __tablename__ = "canned_replies"

    name: Mapped[str]
    body: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class HiddenReply(HouseRow):
    """A shipped reply that the house has put away: offered to nobody while `hidden_at` is set."""

    __tablename__ = "hidden_replies"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str]
    hidden_at: Mapped[datetime | None]
