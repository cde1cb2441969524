"""The lines of appointments, merged set by set: by position, and those that fell away removed."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.services.intake.fields import MOST_LINES
from backoffice.services.intake.kinds import Columns, Values

STAGED = Table(
    "staged_lines",
    MetaData(),
    Column("practice_id", Uuid),
    Column("appointment_id", Uuid),
    Column("id", Uuid),
    Column("position", Integer),
    Column("procedure_code", Text),
    Column("modifiers", ARRAY(Text)),
    Column("units", Numeric(12, 3)),
    Column("charge_amount", BigInteger),
    Column("diagnosis_pointers", ARRAY(BigInteger)),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_GIVEN = ("procedure_code", "modifiers", "units", "charge_amount", "diagnosis_pointers")
_DIFFER = " OR ".join(
    f"coalesce(new.{name}, kept.{name}) IS DISTINCT FROM kept.{name}" for name in _GIVEN
)
_SET = ", ".join(f"{name} = coalesce(new.{name}, kept.{name})" for name in _GIVEN)
_SAME_LINE = """kept.practice_id = new.practice_id AND kept.appointment_id = new.appointment_id
                AND kept.position = new.position"""
_GONE = f"""
    FROM appointment_lines AS kept
   WHERE (kept.practice_id, kept.appointment_id) IN
         (SELECT practice_id, appointment_id FROM staged_lines)
     AND NOT EXISTS (SELECT FROM staged_lines AS new WHERE {_SAME_LINE})
"""  # noqa: S608 - our own column names
_CHANGED = text(f"""
    SELECT DISTINCT new.appointment_id
      FROM staged_lines AS new LEFT JOIN appointment_lines AS kept ON {_SAME_LINE}
     WHERE kept.id IS NULL OR {_DIFFER}
    UNION SELECT kept.appointment_id {_GONE}
""")  # noqa: S608 - our own column names
_NAMED_BY_CLAIMS = text(f"""
    SELECT DISTINCT kept.appointment_id {_GONE}
       AND EXISTS (SELECT FROM service_lines AS claimed
                    WHERE claimed.practice_id = kept.practice_id
                      AND claimed.appointment_line_id = kept.id)
""")  # noqa: S608 - our own column names
_FORGET = text("DELETE FROM staged_lines WHERE appointment_id = ANY(:ids)")
_REMOVE = text(f"""
    DELETE FROM appointment_lines
     WHERE (practice_id, id) IN (SELECT kept.practice_id, kept.id {_GONE})
""")  # noqa: S608 - our own column names
_UPDATE = text(f"""
    UPDATE appointment_lines AS kept SET {_SET}
      FROM staged_lines AS new WHERE {_SAME_LINE} AND ({_DIFFER})
""")  # noqa: S608 - our own column names
_INSERT = text(f"""
    INSERT INTO appointment_lines
        (practice_id, id, created_at, appointment_id, position, procedure_code, modifiers, units,
         charge_amount, diagnosis_pointers)
    SELECT new.practice_id, new.id, :now, new.appointment_id, new.position,
           coalesce(new.procedure_code, ''), coalesce(new.modifiers, '{{}}'), new.units,
           new.charge_amount, coalesce(new.diagnosis_pointers, '{{}}')
      FROM staged_lines AS new
     WHERE NOT EXISTS (SELECT FROM appointment_lines AS kept WHERE {_SAME_LINE})
""")  # noqa: S608 - our own column names
# Materialized, so that the sums are made once whatever the planner guesses of rows under the wall:
# made anew for each appointment, a file of thousands would take hours.
_ADD_UP = text("""
    WITH touched AS MATERIALIZED
      (SELECT DISTINCT practice_id, appointment_id FROM staged_lines),
    added AS MATERIALIZED
      (SELECT practice_id, appointment_id, sum(coalesce(charge_amount, 0)) AS cents
         FROM touched JOIN appointment_lines USING (practice_id, appointment_id)
        GROUP BY 1, 2)
    UPDATE appointments AS whole SET charge_amount = added.cents
      FROM added
     WHERE whole.practice_id = added.practice_id AND whole.id = added.appointment_id
       AND whole.charge_amount <> added.cents
""")
_LIVE = text("""
    SELECT DISTINCT appointment_id FROM service_lines
     WHERE practice_id = ANY(:practices) AND live AND appointment_id = ANY(:ids)
""").bindparams(bindparam("practices", type_=ARRAY(Uuid)), bindparam("ids", type_=ARRAY(Uuid)))


def lines_of(values: Values, practice_id: UUID, appointment_id: UUID) -> Iterator[Columns]:
    """Yield the lines that a row gives, each at the position its columns name."""
    for at in range(1, MOST_LINES + 1):
        charge = values[f"charge_{at}"]
        line: dict[str, Any] = {
            "procedure_code": values[f"procedure_code_{at}"],
            "modifiers": values[f"modifiers_{at}"],
            "units": values[f"units_{at}"],
            "charge_amount": None if charge is None else int(charge * 100),
            "diagnosis_pointers": values[f"pointers_{at}"] or None,
        }
        if any(value is not None for value in line.values()):
            yield line | {
                "practice_id": practice_id,
                "appointment_id": appointment_id,
                "id": new_id(),
                "position": at,
            }


def changed(session: Session) -> set[UUID]:
    """Return the appointments whose staged lines differ from what is kept."""
    return set(session.scalars(_CHANGED))


def losing_claimed_lines(session: Session) -> set[UUID]:
    """Return the appointments that would lose a line which an earlier claim named."""
    return set(session.scalars(_NAMED_BY_CLAIMS))


def on_live_claims(session: Session, practices: Sequence[UUID], ids: Collection[UUID]) -> set[UUID]:
    """Return which of these appointments stand on a live claim."""
    return set(session.scalars(_LIVE, {"practices": list(practices), "ids": list(ids)}))


def forget(session: Session, ids: Collection[UUID]) -> None:
    """Take the staged lines of refused appointments away."""
    session.execute(_FORGET.bindparams(bindparam("ids", type_=ARRAY(Uuid))), {"ids": list(ids)})


def write(session: Session, *, now: Any) -> None:
    """Write what is staged: gone lines go, others change or come, charges are added up anew."""
    session.execute(_REMOVE)
    session.execute(_UPDATE)
    session.execute(_INSERT, {"now": now})
    session.execute(_ADD_UP)
