"""Which payment is which: one keyed hash of payer, trace, date and amount.

A bank trace is short enough to be guessed from a bare hash, so the hash is keyed as blind indexes
are. What an earlier release kept bare is still found, and keyed by `key_some`.
"""

import hashlib
from typing import Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from backoffice.edi.remittance_835 import Payment
from backoffice.models.inbound import InboundTransaction
from backoffice.models.remittances import Remittance
from backoffice.models.sealing import keyring

KEYED: Final = "keyed:"
AT_ONCE: Final = 500


def payment_key(payment: Payment) -> str:
    """Return what names a payment: payer (TRN03, else N1*PR), TRN02, BPR16 and BPR02, keyed."""
    return _keyed(_bare(payment))


def payment_keys(payment: Payment) -> tuple[str, str]:
    """Return what a payment may be kept under: its key, and the bare hash of earlier releases."""
    bare = _bare(payment)
    return _keyed(bare), bare


def turn_of(payment: Payment) -> int:
    """Return the number of the lock that lets the same payment be taken in once at a time."""
    return int(_bare(payment)[:15], 16)


def key_some(session: Session, *, most: int = AT_ONCE) -> int:
    """Key up to `most` bare hashes that this session may see; returns how many it keyed.

    Rows that somebody is changing are left out, so this waits for nobody.
    """
    return sum(_key_some_of(session, model, most) for model in (InboundTransaction, Remittance))


def _key_some_of(session: Session, model: type[InboundTransaction | Remittance], most: int) -> int:
    rows = session.execute(
        select(model.id, model.payment_key)
        .where(_is_bare(model))
        .order_by(model.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for row_id, bare in rows:
        session.execute(
            update(model).where(model.id == row_id).values(payment_key=_keyed(bare)),
            execution_options={"synchronize_session": False},
        )
    return len(rows)


def bare_left(session: Session) -> int:
    """Count the bare hashes that this session may see."""
    counts = (
        session.scalar(select(func.count()).select_from(model).where(_is_bare(model)))
        for model in (InboundTransaction, Remittance)
    )
    return sum(count or 0 for count in counts)


def _is_bare(model: type[InboundTransaction | Remittance]) -> ColumnElement[bool]:
    return model.payment_key.not_like(f"{KEYED}%")


def _bare(payment: Payment) -> str:
    parts = (
        payment.originator_id or payment.payer.id or payment.payer.name,
        payment.trace_number,
        payment.payment_date.isoformat() if payment.payment_date else "",
        str(payment.payment_amount),
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _keyed(bare: str) -> str:
    return KEYED + keyring().blind_index(None, "payment_key", bare).hex()
