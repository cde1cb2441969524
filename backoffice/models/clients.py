"""Clients, their policies and authorizations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import PracticeRow, within_practice
from backoffice.models.payers import Payer
from backoffice.models.sealing import SealedText
from backoffice.rules.claim_facts import PayerOrder, Sex
from backoffice.rules.readiness import BillingType, Shape


class Client(PracticeRow):
    """A person in care (patient on the wire: NM1*QC, or NM1*IL when insured in person)."""

    __tablename__ = "clients"
    __table_args__ = (
        UniqueConstraint("practice_id", "source_id"),
        Index("ix_clients_name", "practice_id", "name_key"),
        Index("ix_clients_birth_date_index", "practice_id", "birth_date_index"),
        Index("ix_clients_ssn_index", "practice_id", "ssn_index"),
    )

    source_id: Mapped[str | None]
    source_digest: Mapped[bytes | None]  # keyed hash of the row it was last taken in from
    last_name: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")
    middle_name: Mapped[str] = mapped_column(default="")
    suffix: Mapped[str] = mapped_column(default="")
    name_key: Mapped[str]  # "last, first", lower-cased by us
    birth_date_sealed: Mapped[bytes | None]
    birth_date_index: Mapped[bytes | None]
    birth_date_shape: Mapped[Shape] = mapped_column(default=Shape.ABSENT)
    birth_date = SealedText(indexed=True)  # ISO text
    ssn_sealed: Mapped[bytes | None]
    ssn_index: Mapped[bytes | None]
    ssn_last4: Mapped[str] = mapped_column(default="")
    ssn = SealedText(indexed=True)
    sex: Mapped[Sex | None]  # as the payer has it on file
    gender_identity: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    street2: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    zip: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    billing_type: Mapped[BillingType] = mapped_column(default=BillingType.INSURANCE)
    part2_since: Mapped[datetime | None]  # records of substance use treatment (42 CFR Part 2)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def name(self) -> str:
        """First and last name as printed on a page."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def born_on(self) -> date | None:
        """Birth date as a day, None where absent or malformed (DMG02, Box 3)."""
        if self.birth_date_shape is not Shape.WELL_FORMED or self.birth_date is None:
            return None
        return date.fromisoformat(self.birth_date)


class Policy(PracticeRow):
    """A client's coverage with one payer; the insured's own data when that is someone else."""

    __tablename__ = "policies"
    __table_args__ = (
        within_practice("client_id", "clients"),
        UniqueConstraint("practice_id", "source_id"),
        Index("ix_policies_client", "practice_id", "client_id"),
        Index("ix_policies_payer", "practice_id", "payer_id"),
        Index("ix_policies_member_id_index", "practice_id", "member_id_index"),
    )

    source_id: Mapped[str | None]
    source_digest: Mapped[bytes | None]  # keyed hash of the row it was last taken in from
    client_id: Mapped[UUID]
    payer_id: Mapped[UUID | None] = mapped_column(ForeignKey("payers.id"))
    payer_order: Mapped[PayerOrder] = mapped_column(default=PayerOrder.PRIMARY)
    member_id_sealed: Mapped[bytes | None]
    member_id_index: Mapped[bytes | None]
    member_id_shape: Mapped[Shape] = mapped_column(default=Shape.ABSENT)
    member_id = SealedText(indexed=True)
    group_number: Mapped[str] = mapped_column(default="")
    group_name: Mapped[str] = mapped_column(default="")
    relationship_code: Mapped[str] = mapped_column(default="18")
    insured_last_name: Mapped[str] = mapped_column(default="")
    insured_first_name: Mapped[str] = mapped_column(default="")
    insured_birth_date_sealed: Mapped[bytes | None]
    insured_birth_date_shape: Mapped[Shape] = mapped_column(default=Shape.ABSENT)
    insured_birth_date = SealedText()
    insured_sex: Mapped[Sex | None]
    insured_street: Mapped[str] = mapped_column(default="")
    insured_street2: Mapped[str] = mapped_column(default="")
    insured_city: Mapped[str] = mapped_column(default="")
    insured_state: Mapped[str] = mapped_column(default="")
    insured_zip: Mapped[str] = mapped_column(default="")
    insurance_type: Mapped[str] = mapped_column(default="")  # SBR05
    needs_review: Mapped[bool] = mapped_column(default=False)
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    client: Mapped[Client] = relationship(viewonly=True)
    payer: Mapped[Payer | None] = relationship(viewonly=True)


class Authorization(PracticeRow):
    """A payer's prior authorization; the active one fills Box 23 (REF*G1)."""

    __tablename__ = "authorizations"
    __table_args__ = (
        within_practice("client_id", "clients"),
        within_practice("policy_id", "policies"),
        UniqueConstraint("practice_id", "source_id"),
        Index(
            "uq_authorizations_active", "practice_id", "policy_id",
            unique=True, postgresql_where="active",
        ),
    )  # fmt: skip

    source_id: Mapped[str | None]
    client_id: Mapped[UUID]
    policy_id: Mapped[UUID]
    number: Mapped[str]
    uses_allowed: Mapped[int | None]
    uses_spent: Mapped[int] = mapped_column(default=0)
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
