"""What the law and the contract ask: agreements, consents, disclosures, holds, departures."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import HouseRow, PracticeRow, within_practice
from backoffice.models.users import User
from backoffice.rules.part2 import ConsentFacts, ConsentKind


class Agreement(PracticeRow):
    """One word about a practice's business associate agreement; the practice keeps the latest."""

    __tablename__ = "agreements"
    __table_args__ = (within_practice("document_id", "documents"),)

    begins_on: Mapped[date | None]
    ends_on: Mapped[date | None]  # its last day; none: until somebody ends it
    document_id: Mapped[UUID | None]  # the signed paper
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship(viewonly=True)


class Consent(PracticeRow):
    """A client's written consent to disclosure of Part 2 records (42 CFR 2.31)."""

    __tablename__ = "consents"
    __table_args__ = (
        within_practice("client_id", "clients"),
        within_practice("document_id", "documents"),
        Index("ix_consents_client", "practice_id", "client_id"),
        CheckConstraint("expires_on >= signed_on", name="ends_after_it_begins"),
    )

    client_id: Mapped[UUID]
    kind: Mapped[ConsentKind]
    recipient: Mapped[str] = mapped_column(default="")  # of a consent for one recipient
    signed_on: Mapped[date]
    expires_on: Mapped[date | None]
    revoked_on: Mapped[date | None]
    document_id: Mapped[UUID | None]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))

    @property
    def facts(self) -> ConsentFacts:
        """Return what the rules ask of it."""
        return ConsentFacts(self.kind, self.signed_on, self.expires_on, self.revoked_on)


class DisclosureBasis(enum.StrEnum):
    """Why something left the house; which of them an accounting lists is 45 CFR 164.528(a)(1)."""

    REQUIRED_BY_LAW = "required_by_law"
    PUBLIC_HEALTH = "public_health"
    OVERSIGHT = "oversight"
    LEGAL_PROCEEDING = "legal_proceeding"
    LAW_ENFORCEMENT = "law_enforcement"
    IN_ERROR = "in_error"
    OTHER = "other"
    AUTHORIZATION = "authorization"
    TO_THE_CLIENT = "to_the_client"
    TREATMENT_PAYMENT_OPERATIONS = "treatment_payment_operations"


EXEMPT = frozenset(
    {
        DisclosureBasis.AUTHORIZATION,
        DisclosureBasis.TO_THE_CLIENT,
        DisclosureBasis.TREATMENT_PAYMENT_OPERATIONS,
    }
)
"""Not owed in an accounting: 45 CFR 164.528(a)(1)(i), (ii) and (iv)."""


class Disclosure(PracticeRow):
    """What was told of a client to somebody outside, when, to whom and why (45 CFR 164.528(b))."""

    __tablename__ = "disclosures"
    __table_args__ = (
        within_practice("client_id", "clients"),
        Index("ix_disclosures_client", "practice_id", "client_id", "disclosed_on"),
    )

    client_id: Mapped[UUID]
    disclosed_on: Mapped[date]
    recipient: Mapped[str]
    recipient_address: Mapped[str] = mapped_column(default="")
    what: Mapped[str]
    purpose: Mapped[str]
    basis: Mapped[DisclosureBasis]
    silent_until: Mapped[date | None]  # an agency asked for it: 45 CFR 164.528(a)(2)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="")

    by: Mapped[User] = relationship(viewonly=True)

    @property
    def is_owed(self) -> bool:
        """Whether an accounting must list it."""
        return self.basis not in EXEMPT


class HoldKind(enum.StrEnum):
    """What a legal hold keeps."""

    PRACTICE = "practice"
    CLIENT = "client"
    DOCUMENT = "document"


class LegalHold(PracticeRow):
    """Nothing of its subject may be removed while it stands."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        Index("ix_legal_holds_standing", "practice_id", postgresql_where="lifted_at IS NULL"),
    )

    kind: Mapped[HoldKind]
    subject_id: Mapped[UUID]
    reason: Mapped[str]
    placed_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class RemovalBasis(enum.StrEnum):
    """What the day of removal rests on."""

    RETENTION = "retention"  # the state's years are over for the last client
    CONTRACT = "contract"  # the practice keeps the records itself, from its export


class DepartureState(enum.StrEnum):
    """How far a practice's leaving has come."""

    ANNOUNCED = "announced"
    LEFT = "left"
    EXPORTED = "exported"
    REMOVED = "removed"
    CANCELLED = "cancelled"


class Departure(HouseRow):
    """A practice leaves: its day, its export, its removal. Outlives the rows it removes.

    The database keeps `asked_at` and lets `remove_on` only move later; the function that removes
    asks for both.
    """

    __tablename__ = "departures"
    __table_args__ = (
        Index(
            "uq_departures_live", "practice_id",
            unique=True, postgresql_where="state <> 'cancelled'",
        ),
        CheckConstraint("remove_on >= leaves_on", name="removal_follows_leaving"),
    )  # fmt: skip

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    state: Mapped[DepartureState] = mapped_column(default=DepartureState.ANNOUNCED)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    leaves_on: Mapped[date]  # from this day on the practice is only read
    basis: Mapped[RemovalBasis]
    remove_on: Mapped[date]
    export_key: Mapped[str | None]
    export_sha256: Mapped[str] = mapped_column(default="")
    export_size: Mapped[int] = mapped_column(default=0)
    export_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # table -> rows
    exported_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]  # first download
    removed_at: Mapped[datetime | None]
    removed_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # table -> rows
    kept_totals: Mapped[dict[str, Any]] = mapped_column(default=dict)  # year -> account -> cents
    keys_to_erase: Mapped[list[str]] = mapped_column(default=list)  # of the document store
