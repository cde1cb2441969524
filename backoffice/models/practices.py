"""Practices (the tenants), their billing profiles, service facilities and clinicians."""

import enum
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import HouseRow, PracticeRow, within_practice
from backoffice.models.sealing import SealedText
from backoffice.rules.claim_facts import EntityKind, TaxIdKind
from backoffice.rules.readiness import Shape


class PracticeKind(enum.StrEnum):
    """One clinician billing alone, or several."""

    SOLO = "solo"
    GROUP = "group"


class Practice(HouseRow):
    """A mental-health practice whose claims we file. Its id is everybody else's practice_id."""

    __tablename__ = "practices"
    __table_args__ = (
        UniqueConstraint("source_id"),
        CheckConstraint("closes_at > opens_at", name="closes_after_it_opens"),
        CheckConstraint("response_hours >= 0", name="promise_is_no_debt"),
    )

    source_id: Mapped[str | None]
    name: Mapped[str]
    short_name: Mapped[str]
    mark: Mapped[str]  # two letters beside every row of this practice
    hue: Mapped[int]  # 1 to 8, for life
    kind: Mapped[PracticeKind] = mapped_column(default=PracticeKind.GROUP)
    time_zone: Mapped[str] = mapped_column(default="America/New_York")
    phone: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    street2: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    zip: Mapped[str] = mapped_column(default="")
    note_gate: Mapped[bool] = mapped_column(default=False)  # unsigned notes hold appointments
    messaging_on: Mapped[bool] = mapped_column(default=True)
    # What the practice is promised: an answer in so many business hours; 0 promises nothing.
    response_hours: Mapped[int] = mapped_column(default=8, server_default="8")
    opens_at: Mapped[time] = mapped_column(Time(), default=time(9), server_default="09:00")
    closes_at: Mapped[time] = mapped_column(Time(), default=time(17), server_default="17:00")
    playbook: Mapped[str] = mapped_column(default="")
    closed_through: Mapped[date | None]  # no ledger entry on or before this day
    agreement_on: Mapped[date | None]  # business associate agreement: its first day
    agreement_ends_on: Mapped[date | None]  # its last day; none: it runs on
    left_at: Mapped[datetime | None]  # from then on it is only read
    removed_at: Mapped[datetime | None]  # its rows are gone


class Clinician(PracticeRow):
    """A person who sees clients (rendering provider on a claim, Box 24J)."""

    __tablename__ = "clinicians"
    __table_args__ = (
        UniqueConstraint("practice_id", "source_id"),
        within_practice("supervisor_id", "clinicians"),
        Index("ix_clinicians_name", "practice_id", "name_key"),
    )

    source_id: Mapped[str | None]
    source_digest: Mapped[bytes | None]  # keyed hash of the row it was last taken in from
    last_name: Mapped[str]
    first_name: Mapped[str] = mapped_column(default="")
    middle_name: Mapped[str] = mapped_column(default="")
    name_key: Mapped[str]
    credentials: Mapped[str] = mapped_column(default="")
    npi: Mapped[str | None]  # type 1
    taxonomy: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    supervisor_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """First and last name as printed on a page."""
        return f"{self.first_name} {self.last_name}".strip()


class ServiceFacility(PracticeRow):
    """A place where services happen (Box 32, place of service in Box 24B)."""

    __tablename__ = "service_facilities"
    __table_args__ = (UniqueConstraint("practice_id", "source_id"),)

    source_id: Mapped[str | None]
    source_digest: Mapped[bytes | None]  # keyed hash of the row it was last taken in from
    name: Mapped[str]
    place_of_service: Mapped[str | None]
    npi: Mapped[str | None]
    phone: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    street2: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    zip: Mapped[str] = mapped_column(default="")
    withdrawn_at: Mapped[datetime | None]


class BillingProfile(PracticeRow):
    """The billing provider a claim carries (Box 33, Box 25); overrides per payer and clinician.

    The most specific live profile wins: payer and clinician, then payer, then clinician, then
    the practice's default (both empty).
    """

    __tablename__ = "billing_profiles"
    __table_args__ = (
        within_practice("clinician_id", "clinicians"),
        UniqueConstraint("practice_id", "source_id"),
        Index("ix_billing_profiles_choice", "practice_id", "payer_id", "clinician_id"),
    )

    source_id: Mapped[str | None]
    name: Mapped[str]
    kind: Mapped[EntityKind] = mapped_column(default=EntityKind.ORGANIZATION)
    organization_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")
    npi: Mapped[str | None]
    tax_id_sealed: Mapped[bytes | None]
    tax_id_index: Mapped[bytes | None]
    tax_id_shape: Mapped[Shape] = mapped_column(default=Shape.ABSENT)
    tax_id_last4: Mapped[str] = mapped_column(default="")
    tax_id_kind: Mapped[TaxIdKind | None]
    tax_id = SealedText(indexed=True)
    taxonomy: Mapped[str | None]
    phone: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    street2: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    zip: Mapped[str] = mapped_column(default="")
    pay_to_street: Mapped[str] = mapped_column(default="")
    pay_to_street2: Mapped[str] = mapped_column(default="")
    pay_to_city: Mapped[str] = mapped_column(default="")
    pay_to_state: Mapped[str] = mapped_column(default="")
    pay_to_zip: Mapped[str] = mapped_column(default="")
    show_service_facility: Mapped[bool] = mapped_column(default=False)  # Box 32
    payer_id: Mapped[UUID | None]  # an override for this payer (payers is a younger word: no key)
    clinician_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]


class PayeeIdentity(HouseRow):
    """Which practice an 835's payee is: NPI and a keyed hash of the tax id. No patient in it."""

    __tablename__ = "payee_identities"
    __table_args__ = (UniqueConstraint("npi", "tax_id_index", "profile_id"),)

    npi: Mapped[str] = mapped_column(index=True)
    tax_id_index: Mapped[bytes | None] = mapped_column(index=True)  # blind, of no practice
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    profile_id: Mapped[UUID]
