"""835 files for the tests of remittances: a payer's decisions written out, balanced by default."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.inbound import (
    InboundFile,
    InboundKind,
    InboundTransaction,
    TransactionState,
)
from backoffice.models.remittances import Remittance, RemittanceClaim, RemittanceLine
from backoffice.models.submissions import Attempt
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services.inbound import payments
from backoffice.services.inbound.keeping import RawFile
from backoffice.services.practices import note_payee
from backoffice.services.remittances import posting, storing
from tests.builders import BILLING_NPI, NOW
from tests.databases import as_intake
from tests.services.billing import Billing

TAX_ID = "123456789"
Cas = tuple[str, str, str]


@dataclass(frozen=True)
class Line:
    """One SVC: what was adjudicated; `sent` is our code where the payer changed it (SVC06)."""

    charge: str
    paid: str
    cas: tuple[Cas, ...] = ()
    code: str = "90837"
    number: str = ""
    sent: str = ""
    day: str = "20261112"

    def segments(self) -> list[str]:
        changed = f"**1*HC:{self.sent}" if self.sent else "**1"
        found = [f"SVC*HC:{self.code}*{self.charge}*{self.paid}{changed}", f"DTM*472*{self.day}"]
        found += [f"CAS*{group}*{reason}*{amount}" for group, reason, amount in self.cas]
        return [*found, f"REF*6R*{self.number}"] if self.number else found


@dataclass(frozen=True)
class Paid:
    """One CLP with its lines; `paid` and `charge` are the lines' sums unless told otherwise."""

    number: str
    lines: tuple[Line, ...]
    outcome: str = "1"
    icn: str = "ICN1"
    cas: tuple[Cas, ...] = ()
    charge: str = ""
    paid: str = ""

    @property
    def paid_amount(self) -> Decimal:
        """CLP04."""
        own = sum((Decimal(amount) for _, _, amount in self.cas), Decimal(0))
        return Decimal(self.paid or sum((Decimal(each.paid) for each in self.lines), -own))

    def segments(self) -> list[str]:
        charge = self.charge or sum((Decimal(each.charge) for each in self.lines), Decimal(0))
        head = f"CLP*{self.number}*{self.outcome}*{charge}*{self.paid_amount}**12*{self.icn}*11*1"
        own = [f"CAS*{group}*{reason}*{amount}" for group, reason, amount in self.cas]
        name = "NM1*QC*1*SAMPLE*AVERY****MI*NSH88120477"
        return [head, *own, name, *(each for line in self.lines for each in line.segments())]


@dataclass(frozen=True)
class Check:
    """One ST: a payment. `amount` is what balances unless told otherwise."""

    claims: tuple[Paid, ...]
    trace: str = "EFT1"
    plb: tuple[tuple[str, str, str], ...] = ()  # code, reference, amount
    amount: str = ""
    npi: str = BILLING_NPI
    tax_id: str = TAX_ID
    paid_on: str = "20261118"

    def segments(self) -> list[str]:
        taken = sum((Decimal(amount) for _, _, amount in self.plb), Decimal(0))
        amount = self.amount or sum((each.paid_amount for each in self.claims), -taken)
        return [
            f"BPR*I*{amount}*C*ACH*CCP*01*999999992*DA*1*1512345678**01*999999992*DA*2*{self.paid_on}",
            f"TRN*1*{self.trace}*1512345678",
            "N1*PR*Northstar Health",
            "N3*1 Main",
            "N4*Portland*ME*04101",
            f"N1*PE*Harbor Lane*XX*{self.npi}",
            f"REF*TJ*{self.tax_id}",
            "LX*1",
            *(each for claim in self.claims for each in claim.segments()),
            *(
                f"PLB*{self.npi}*20261231*{code}:{reference}*{amount}"
                for code, reference, amount in self.plb
            ),
        ]


def era(*checks: Check, isa: str = "000000001") -> bytes:
    """The checks as one file."""
    gs = isa.lstrip("0")
    lines = [
        "ISA*00*          *00*          *ZZ*NORTHSTAR      *ZZ*CLEANCLAIM     "
        f"*261118*1200*^*00501*{isa}*0*T*:",
        f"GS*HP*NORTHSTAR*CLEANCLAIM*20261118*1200*{gs}*X*005010X221A1",
    ]
    for place, check in enumerate(checks, start=1):
        body = check.segments()
        lines += [f"ST*835*{place:04}", *body, f"SE*{len(body) + 2}*{place:04}"]
    return "".join(
        f"{each}~" for each in [*lines, f"GE*{len(checks)}*{gs}", f"IEA*1*{isa}"]
    ).encode()


def taken_in(session: Session, content: bytes) -> list[InboundTransaction]:
    """Keep a file of these bytes and take it in; returns its payments."""
    raw = RawFile.of(content)
    file = InboundFile(
        id=new_id(),
        kind=InboundKind.ERA,
        sha256=raw.sha256,
        size=len(content),
        document_key=raw.key,
        received_at=NOW,
    )
    with as_intake(session):
        session.add(file)
        session.flush()
        payments.take_in(session, file.id, payments.read_payments(content), now=NOW)
        session.flush()
        query = select(InboundTransaction).where(InboundTransaction.file_id == file.id)
        return list(session.scalars(query.order_by(InboundTransaction.position)))


def posted(session: Session, *checks: Check, isa: str = "000000001") -> list[Remittance]:
    """Take a file in, store what was attributed and post it."""
    content = era(*checks, isa=isa)
    read = payments.read_payments(content).payments
    found = []
    for transaction in taken_in(session, content):
        if transaction.state is TransactionState.ATTRIBUTED:
            remittance = storing.store(
                session, transaction.id, read[transaction.position - 1].remittance, now=NOW
            )
            assert remittance is not None
            found.append(posting.post_remittance(session, remittance.id, now=NOW))
    return found


def known_payee(session: Session, billing: Billing) -> None:
    """The practice's billing identity is known as a payee."""
    note_payee(session, billing.profile)


def an_attempt(session: Session, claim: Claim) -> Attempt:
    """The claim's newest attempt."""
    query = select(Attempt).where(Attempt.claim_id == claim.id).order_by(Attempt.attempt_no.desc())
    return session.scalars(query.limit(1)).one()


def number_of(session: Session, claim: Claim) -> str:
    """The control number that an answer about the claim carries."""
    return an_attempt(session, claim).patient_control_number


def service_lines(session: Session, claim: Claim) -> list[ServiceLine]:
    """The claim's lines."""
    query = select(ServiceLine).where(ServiceLine.claim_id == claim.id)
    return list(session.scalars(query.order_by(ServiceLine.position)))


def decided_lines(session: Session, remittance: Remittance) -> list[RemittanceLine]:
    """The lines of a remittance, in order."""
    query = (
        select(RemittanceLine)
        .join(RemittanceClaim, RemittanceClaim.id == RemittanceLine.remittance_claim_id)
        .where(RemittanceClaim.remittance_id == remittance.id)
    )
    return list(session.scalars(query.order_by(RemittanceClaim.position, RemittanceLine.position)))


def decided_claims(session: Session, remittance: Remittance) -> list[RemittanceClaim]:
    """The claims of a remittance, in order."""
    query = select(RemittanceClaim).where(RemittanceClaim.remittance_id == remittance.id)
    return list(session.scalars(query.order_by(RemittanceClaim.position)))


CLEAN = (("CO", "45", "55"), ("PR", "3", "20"))


def sent(claim: Claim) -> Claim:
    """The claim, out with the payer."""
    claim.status = ClaimStatus.SUBMITTED
    return claim


def strip(claim: Claim) -> tuple[str, str, str, str]:
    """Paid, client share, write-off, balance."""
    return (
        str(claim.insurance_paid_amount),
        str(claim.client_share_amount),
        str(claim.write_off_amount),
        str(claim.balance_amount),
    )


def paid_clean(session: Session, claim: Claim) -> Paid:
    """80.00 of 155.00 paid, 20.00 the client's, the rest contractual."""
    return Paid(number_of(session, claim), (Line("155", "80", CLEAN),))
