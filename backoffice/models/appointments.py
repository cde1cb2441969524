"""Appointments and their lines, what they lack (findings), and the unbilled totals."""

import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Base, Money, PracticeRow, Quantity, within_practice
from backoffice.models.clients import Client, Policy
from backoffice.models.payers import Payer
from backoffice.models.practices import Clinician, ServiceFacility
from backoffice.rules.readiness import (
    AppointmentStatus,
    Disposition,
    Readiness,
    Subject,
    Supplier,
    Weight,
)


class WaitingOn(enum.StrEnum):
    """Who must act next."""

    US = "us"
    PRACTICE = "practice"
    PAYER = "payer"
    CLIENT = "client"


class Appointment(PracticeRow):
    """One session with a client, and its place in the unbilled queue.

    The ids it rests on (client, policy, clinician, facility, profile, enrollment, authorization)
    are chosen by services/unbilled.py; `missing_count`, `held_count` and `warning_count` are the
    sums of findings over them, refreshed set by set and never computed for a page.
    `risk_key` orders by money at risk x closeness of deadline without depending on today:
    see services/unbilled.py.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        within_practice("client_id", "clients"),
        within_practice("clinician_id", "clinicians"),
        within_practice("facility_id", "service_facilities"),
        within_practice("policy_id", "policies"),
        within_practice("profile_id", "billing_profiles"),
        within_practice("enrollment_id", "enrollments"),
        within_practice("authorization_id", "authorizations"),
        UniqueConstraint("practice_id", "source_id"),
        CheckConstraint("charge_amount >= 0", name="charge_is_not_negative"),
        Index("ix_appointments_client", "practice_id", "client_id"),
        Index("ix_appointments_policy", "practice_id", "policy_id"),
        Index("ix_appointments_clinician", "practice_id", "clinician_id"),
        Index("ix_appointments_facility", "practice_id", "facility_id"),
        Index("ix_appointments_profile", "practice_id", "profile_id"),
        Index("ix_appointments_enrollment", "practice_id", "enrollment_id"),
        Index("ix_appointments_authorization", "practice_id", "authorization_id"),
        Index("ix_appointments_payer", "payer_id", postgresql_where="unbilled"),
        Index(
            "ix_appointments_queue_risk", "practice_id", "readiness", "risk_key", "id",
            postgresql_where="unbilled",
        ),
        Index(
            "ix_appointments_queue_served", "practice_id", "readiness", "served_on", "id",
            postgresql_where="unbilled",
        ),
    )  # fmt: skip

    source_id: Mapped[str | None]
    source_digest: Mapped[bytes | None]  # keyed hash of the row it was last taken in from
    client_id: Mapped[UUID]
    clinician_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]
    served_on: Mapped[date]  # in the practice's time zone
    starts_at: Mapped[datetime | None]
    status: Mapped[AppointmentStatus]
    note_signed: Mapped[bool] = mapped_column(default=True)
    disposition: Mapped[Disposition] = mapped_column(default=Disposition.BILL)
    disposition_reason: Mapped[str] = mapped_column(default="")
    place_of_service: Mapped[str | None]  # overrides the facility's
    diagnosis_codes: Mapped[list[str]] = mapped_column(default=list)  # ICD-10-CM, no dots, ordered
    charge_amount: Mapped[Money]  # the sum of its lines

    policy_id: Mapped[UUID | None]
    payer_id: Mapped[UUID | None] = mapped_column(ForeignKey("payers.id"))
    profile_id: Mapped[UUID | None]
    enrollment_id: Mapped[UUID | None]
    authorization_id: Mapped[UUID | None]
    missing_count: Mapped[int] = mapped_column(default=0)
    held_count: Mapped[int] = mapped_column(default=0)
    warning_count: Mapped[int] = mapped_column(default=0)
    readiness: Mapped[Readiness] = mapped_column(default=Readiness.MISSING)
    held_for: Mapped[str | None]  # the first reason it is held, to show as a word
    unbilled: Mapped[bool] = mapped_column(default=False)  # stands in the queue
    deadline_on: Mapped[date | None]  # timely filing
    risk_key: Mapped[int] = mapped_column(default=0)

    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    waiting_on: Mapped[WaitingOn] = mapped_column(default=WaitingOn.US)
    next_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    client: Mapped[Client] = relationship(viewonly=True)
    clinician: Mapped[Clinician | None] = relationship(viewonly=True)
    facility: Mapped[ServiceFacility | None] = relationship(viewonly=True)
    policy: Mapped[Policy | None] = relationship(viewonly=True)
    payer: Mapped[Payer | None] = relationship(viewonly=True)
    lines: Mapped[list["AppointmentLine"]] = relationship(
        viewonly=True, order_by="AppointmentLine.position"
    )


class AppointmentLine(PracticeRow):
    """One procedure of an appointment, as charged."""

    __tablename__ = "appointment_lines"
    __table_args__ = (
        within_practice("appointment_id", "appointments"),
        UniqueConstraint("practice_id", "appointment_id", "position"),
        CheckConstraint("charge_amount >= 0", name="charge_is_not_negative"),
        CheckConstraint("units > 0", name="units_are_positive"),
    )

    appointment_id: Mapped[UUID]
    position: Mapped[int]
    procedure_code: Mapped[str] = mapped_column(default="")
    modifiers: Mapped[list[str]] = mapped_column(default=list)
    units: Mapped[Quantity | None]
    charge_amount: Mapped[Money | None]  # empty: no fee is known for the code
    diagnosis_pointers: Mapped[list[int]] = mapped_column(default=list)  # 1-based; empty: all, to 4


class ReadinessFinding(PracticeRow):
    """What one subject lacks; judged there once by rules/readiness.py."""

    __tablename__ = "readiness_findings"
    __table_args__ = (
        UniqueConstraint("practice_id", "subject_id", "code", "field"),
        Index("ix_readiness_findings_code", "practice_id", "code"),
    )

    subject_kind: Mapped[Subject]
    subject_id: Mapped[UUID]
    code: Mapped[str]
    field: Mapped[str] = mapped_column(default="")
    supplier: Mapped[Supplier]
    weight: Mapped[Weight]


class FindingTally(Base):
    """How many findings one subject has, by weight; what appointments sum."""

    __tablename__ = "finding_tallies"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    missing_count: Mapped[int]
    held_count: Mapped[int]
    warning_count: Mapped[int]
    held_for: Mapped[str | None]


class UnbilledTotal(Base):
    """Count and money in the queue by practice, payer, clinician and readiness.

    Kept true by statement triggers on appointments. Nobody (no payer, no clinician) is the nil id.
    """

    __tablename__ = "unbilled_totals"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    payer_id: Mapped[UUID] = mapped_column(primary_key=True)
    clinician_id: Mapped[UUID] = mapped_column(primary_key=True)
    readiness: Mapped[Readiness] = mapped_column(primary_key=True)
    appointments: Mapped[int]
    charge_amount: Mapped[Money]
