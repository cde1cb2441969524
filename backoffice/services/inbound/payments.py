"""Takes in an 835 file: each payment once, balanced or set aside, and given to its practice.

Whose a payment is, its payee says (NPI and tax id), or our own control numbers where all of them
agree and nothing contradicts. Everything else waits for an administrator: it is never guessed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.edi.envelope import EnvelopeReader
from backoffice.edi.problems import Problem, ProblemLog
from backoffice.edi.remittance_835 import (
    Remittance,
    RemittanceClaim,
    out_of_balance,
    read,
)
from backoffice.jobs import Job, ask_for
from backoffice.models.inbound import (
    InboundFile,
    InboundState,
    InboundTransaction,
    TransactionState,
)
from backoffice.models.practices import PayeeIdentity
from backoffice.services import audit
from backoffice.services.inbound.keeping import practices_of_numbers
from backoffice.services.inbound.payment_keys import payment_key, payment_keys, turn_of
from backoffice.services.practices import payee_index, practice_of_payee
from backoffice.services.refusal import NotVisible, Refused

NO_PAYMENT = "There is no remittance (835) in this file."
TWICE_UNLIKE = "The same payment came before with other claims: compare the two."
_SHOWN = 3  # problems named on a page; the file itself has them all


class NotWaiting(Refused):
    """The payment was given to a practice before, or is none that may be."""

    code = "not_waiting"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("This payment is not waiting for a practice.")


@dataclass(frozen=True)
class PaymentRead:
    """One ST to SE of a file, in its place (from 1), with why it is set aside ("" when sound)."""

    position: int
    remittance: Remittance
    problem: str

    @property
    def claims_key(self) -> str:
        """What tells a copy of a payment from another one under its number."""
        return claims_key(self.remittance.claims)


@dataclass(frozen=True)
class FileRead:
    """An 835 file as read; `problem` is about the file as a whole ("" when it is whole)."""

    payments: tuple[PaymentRead, ...]
    problem: str


def claims_key(claims: Iterable[RemittanceClaim]) -> str:
    """The hash of CLP01, CLP02, CLP04 and CLP07 of all claims, in whatever order they come."""
    rows = sorted(
        (
            each.patient_control_number,
            each.outcome,
            f"{each.paid_amount:.2f}",
            each.payer_claim_control_number,
        )
        for each in claims
    )
    return hashlib.sha256("\n".join("|".join(row) for row in rows).encode()).hexdigest()


def read_payments(content: bytes) -> FileRead:
    """Read any bytes as an 835 file and judge each payment on all three levels of balance."""
    log = ProblemLog()
    found: list[PaymentRead] = []
    inside = 0
    for position, remittance in enumerate(read(content, log), start=1):
        inside += remittance.errors
        wrong = [each for each in remittance.problems if each.is_error]
        wrong += out_of_balance(remittance)
        found.append(PaymentRead(position, remittance, _worded(wrong)))
    if not found:
        return FileRead((), NO_PAYMENT)
    outside = [each for each in log if each.is_error] if log.errors > inside else []
    return FileRead(tuple(found), _worded(outside))


def take_in(session: Session, file_id: UUID, content: FileRead, *, now: datetime) -> None:
    """Keep each payment of a file once, give it to its practice and ask for it to be read there.

    In a file that is broken as a whole every payment is set aside. Nothing is lost: the bytes stay.
    """
    file = session.get_one(InboundFile, file_id, with_for_update=True)
    if file.state is not InboundState.RECEIVED:
        return
    states = [
        _take_in_one(session, file, each, content.problem, now=now) for each in content.payments
    ]
    sound = set(states) - {TransactionState.QUARANTINED}
    file.read_at = now
    if not sound:
        file.state = InboundState.QUARANTINED
        file.problem = content.problem or next(
            (each.problem for each in content.payments if each.problem), NO_PAYMENT
        )
    elif sound == {TransactionState.DUPLICATE} and len(set(states)) == 1:
        file.state = InboundState.DUPLICATE
    else:
        file.state = InboundState.READ


def attribute(session: Session, transaction_id: UUID, practice_id: UUID, *, now: datetime) -> None:
    """An administrator says whose a payment is. Raises NotVisible or NotWaiting."""
    transaction = session.get(InboundTransaction, transaction_id, with_for_update=True)
    if transaction is None:
        raise NotVisible
    if transaction.state is not TransactionState.UNATTRIBUTED:
        raise NotWaiting
    transaction.state, transaction.practice_id = TransactionState.ATTRIBUTED, practice_id
    audit.record(
        session,
        "attribute",
        subject_kind="inbound_transaction",
        subject_ids=[transaction.id],
        practice_id=practice_id,
    )
    _ask_to_read(session, transaction, now=now)


def _take_in_one(
    session: Session, file: InboundFile, found: PaymentRead, file_problem: str, *, now: datetime
) -> TransactionState:
    payment = found.remittance.payment
    session.execute(select(func.pg_advisory_xact_lock(turn_of(payment))))
    transaction = InboundTransaction(
        file_id=file.id,
        position=found.position,
        set_control_number=found.remittance.control_number,
        payer_name=payment.payer.name,
        payee_npi=payment.payee.npi,
        payee_tax_id_index=payee_index(payment.payee.tax_id) if payment.payee.tax_id else None,
        payment_key=payment_key(payment),
        claims_key=found.claims_key,
        check_amount=payment.payment_amount,
        paid_on=payment.payment_date,
        claim_count=len(found.remittance.claims),
        problem=file_problem or found.problem,
        state=TransactionState.QUARANTINED,
    )
    if not transaction.problem:
        _place(session, transaction, found.remittance)
    session.add(transaction)
    session.flush()
    if transaction.state is TransactionState.ATTRIBUTED:
        _ask_to_read(session, transaction, now=now)
    return transaction.state


def _place(session: Session, transaction: InboundTransaction, remittance: Remittance) -> None:
    before = session.scalars(
        select(InboundTransaction)
        .where(
            InboundTransaction.payment_key.in_(payment_keys(remittance.payment)),
            InboundTransaction.state.in_(
                [TransactionState.ATTRIBUTED, TransactionState.UNATTRIBUTED]
            ),
        )
        .limit(1)
    ).first()
    if before is not None:
        alike = before.claims_key == transaction.claims_key
        transaction.state = TransactionState.DUPLICATE if alike else TransactionState.QUARANTINED
        transaction.problem = "" if alike else TWICE_UNLIKE
        transaction.practice_id = before.practice_id
        return
    transaction.practice_id = practice_of(session, remittance)
    transaction.state = (
        TransactionState.ATTRIBUTED if transaction.practice_id else TransactionState.UNATTRIBUTED
    )


def practice_of(session: Session, remittance: Remittance) -> UUID | None:
    """Whose a payment is, or None: its payee's, else what all control numbers agree on.

    A payee known to be somebody, but not unmistakably one practice, contradicts the numbers.
    """
    payee = remittance.payment.payee
    if practice := practice_of_payee(session, npi=payee.npi, tax_id=payee.tax_id):
        return practice
    if _is_known(session, payee.npi, payee.tax_id):
        return None
    numbers = sorted({each.patient_control_number for each in remittance.claims})
    known = practices_of_numbers(session, numbers)
    owners = set(known.values())
    return owners.pop() if len(owners) == 1 and len(known) == len(numbers) else None


def _is_known(session: Session, npi: str, tax_id: str) -> bool:
    same = PayeeIdentity.npi == npi
    if tax_id:
        same |= PayeeIdentity.tax_id_index == payee_index(tax_id)
    return session.scalar(select(PayeeIdentity.id).where(same).limit(1)) is not None


def _ask_to_read(session: Session, transaction: InboundTransaction, *, now: datetime) -> None:
    ask_for(
        session,
        Job.READ_REMITTANCE,
        subject_id=transaction.id,
        practice_id=transaction.practice_id,
        due_at=now,
    )


def _worded(problems: Sequence[Problem]) -> str:
    shown = [
        f"{each.words} (segment {each.segment})" if each.segment else each.words
        for each in problems[:_SHOWN]
    ]
    more = len(problems) - len(shown)
    return " ".join([*shown, *([f"And {more} more."] if more else [])])


def as_received(content: bytes, position: int) -> str:
    """One payment of a file as text, a segment a line: of a file of several, only this one's own.

    For reading, not for sending: the file itself is kept byte for byte.
    """
    place = 0
    for transaction in EnvelopeReader(content, ProblemLog()).transaction_sets():
        place += transaction.set_id == "835"
        if place == position:
            between = transaction.delimiters.element
            lines = (between.join(each.elements) for each in transaction.segments)
            return "\n".join(lines) + "\n"
    return ""
