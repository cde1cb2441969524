"""What every table shares: ids made by us in time order, money as cents, aware moments."""

import enum
import os
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CENT = Decimal("0.01")


class NotWholeCents(ValueError):
    """An amount with a fraction of a cent was about to be stored."""


class MoneyInCents(TypeDecorator[Decimal]):
    """Dollars as a two-place Decimal in Python, whole cents (bigint) in SQL."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Turn dollars into cents; a fraction of a cent raises NotWholeCents."""
        if value is None:
            return None
        cents = value * 100
        if cents != cents.to_integral_value():
            raise NotWholeCents
        return int(cents)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Turn cents (an int, or a sum of them) into dollars with two places."""
        return None if value is None else (Decimal(value) / 100).quantize(CENT)


Money = Annotated[Decimal, mapped_column(MoneyInCents())]
Quantity = Annotated[Decimal, mapped_column(Numeric(12, 3))]


def new_id() -> UUID:
    """Return a UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (7 << 76)
    return UUID(int=(value & ~(0x3 << 62)) | (0x2 << 62))


def _now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Every table's parent: naming of constraints and the types behind annotations."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        UUID: Uuid(),
        str: Text(),
        bytes: LargeBinary(),
        date: Date(),
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text()),
        list[int]: ARRAY(BigInteger()),
        list[UUID]: ARRAY(Uuid()),
        dict[str, Any]: JSONB(),
        list[dict[str, Any]]: JSONB(),
        enum.StrEnum: Enum(
            enum.StrEnum,
            native_enum=False,
            create_constraint=False,
            length=32,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }

    def __init__(self, **values: Any) -> None:
        """Set the id and the practice first: sealed fields are bound to both."""
        if hasattr(type(self), "id"):
            self.id = values.pop("id", None) or new_id()
        if "practice_id" in values:
            self.practice_id = values.pop("practice_id")
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no column {name}")
            setattr(self, name, value)


class HouseRow(Base):
    """A row of the billing company itself: no practice, no patient."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(default=_now, sort_order=-8)


class PracticeRow(Base):
    """A row of one practice, behind the wall: primary key (practice_id, id)."""

    __abstract__ = True

    practice_id: Mapped[UUID] = mapped_column(
        ForeignKey("practices.id"), primary_key=True, sort_order=-11
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(default=_now, sort_order=-8)


def within_practice(column: str, table: str, *, at_commit: bool = False) -> ForeignKeyConstraint:
    """Return the composite foreign key that keeps a reference inside its own practice.

    `at_commit`: looked at when all is written, for rows that may be written before what they
    point to.
    """
    return ForeignKeyConstraint(
        ["practice_id", column],
        [f"{table}.practice_id", f"{table}.id"],
        deferrable=at_commit or None,
        initially="DEFERRED" if at_commit else None,
    )
