"""What a payer of the sandbox reads on a claim: the little that its decisions rest on."""

from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class LineSeen:
    """One service line (LX, SV1, DTP*472, REF*6R).

    `settled_before` is what earlier payers paid or wrote off, so that only the rest is still owed
    (2430: SVD02 and the CAS that are not PR); zero on a primary claim.
    """

    line_control_number: str
    procedure_code: str
    modifiers: tuple[str, ...]
    charge_amount: Decimal
    units: Decimal
    day: date
    settled_before: Decimal = Decimal("0.00")


@dataclass(frozen=True)
class PartySeen:
    """A name with its number: a person when there is a first name, else an organization."""

    last_or_organization_name: str
    first_name: str = ""
    number: str = ""


@dataclass(frozen=True)
class PayeeSeen:
    """Who is to be paid: the billing provider (2010AA, or 2010AB's address when given)."""

    name: str
    npi: str
    tax_id: str
    line1: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


@dataclass(frozen=True)
class ClaimSeen:
    """One claim as its payer sees it. `payer_order` is SBR01, `filing_code` SBR09."""

    patient_control_number: str
    frequency: str
    payer_order: str
    payer_id: str
    payer_name: str
    filing_code: str
    member_id: str
    patient: PartySeen
    subscriber: PartySeen
    payee: PayeeSeen
    lines: tuple[LineSeen, ...]
    rendering: PartySeen | None = None
    trace: str = ""
    original_reference: str = ""
    next_payer: PartySeen | None = field(default=None)

    @property
    def charge_amount(self) -> Decimal:
        """The claim's total charge (CLM02)."""
        return sum((line.charge_amount for line in self.lines), Decimal("0.00"))

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "ClaimSeen":
        """Back from JSON; amounts and days were kept as text."""
        lines = tuple(
            LineSeen(
                line_control_number=line["line_control_number"],
                procedure_code=line["procedure_code"],
                modifiers=tuple(line["modifiers"]),
                charge_amount=Decimal(line["charge_amount"]),
                units=Decimal(line["units"]),
                day=date.fromisoformat(line["day"]),
                settled_before=Decimal(line["settled_before"]),
            )
            for line in plain["lines"]
        )
        return cls(
            **{
                **plain,
                "lines": lines,
                "patient": PartySeen(**plain["patient"]),
                "subscriber": PartySeen(**plain["subscriber"]),
                "payee": PayeeSeen(**plain["payee"]),
                "rendering": PartySeen(**plain["rendering"]) if plain["rendering"] else None,
                "next_payer": PartySeen(**plain["next_payer"]) if plain["next_payer"] else None,
            }
        )
