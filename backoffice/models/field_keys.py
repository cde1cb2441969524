"""Which field keys sealed values may still need: ids and days, never the keys."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Base


class FieldKey(Base):
    """One key that a process has begun to seal with; forgotten when no value needs it any more."""

    __tablename__ = "field_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    first_used_at: Mapped[datetime]
