"""Recovery codes: ten, shown once, each stands in for a second factor once."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from backoffice.models.factors import RecoveryCode
from backoffice.models.sealing import keyring

HOW_MANY: Final = 10
_SIGNS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is read as another
_GROUPS: Final = 4
_GROUP: Final = 4  # 31 ** 16: 79 bits


def make_codes(session: Session, user_id: UUID, *, now: datetime) -> Sequence[str]:
    """Return ten new codes, to be shown once; older ones stop working."""
    forget_codes(session, user_id)
    codes = ["-".join(_group() for _ in range(_GROUPS)) for _ in range(HOW_MANY)]
    session.add_all(
        RecoveryCode(user_id=user_id, code_hash=_hash_of(user_id, code), created_at=now)
        for code in codes
    )
    return codes


def take_recovery_code(session: Session, user_id: UUID, code: str, *, now: datetime) -> bool:
    """Whether a code is one of somebody's and was not used before; it is now."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _hash_of(user_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], used).rowcount == 1


def codes_left(session: Session, user_id: UUID) -> int:
    """Return how many codes somebody can still use."""
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def forget_codes(session: Session, user_id: UUID) -> None:
    """Forget all of somebody's codes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _group() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(_GROUP))


def _hash_of(user_id: UUID, code: str) -> bytes:
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return keyring().blind_index(None, "recovery_code", f"{user_id}|{plain}")
