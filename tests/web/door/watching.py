"""What the database held before and after: a refused request has changed nothing of anybody."""

from collections.abc import Collection, Mapping

from sqlalchemy import text

from backoffice.models.base import Base
from tests.web.door.sides import World

_OWN_TRACES = frozenset({"sign_ins", "audit_records", "audit_unsealed"})
"""What every visit leaves behind by design: its session's clock, its line in the record."""
HOUSE = "house"

State = Mapping[tuple[str, str], str]


def state_of(world: World) -> State:
    """Return a digest of each table for each practice (and of what belongs to none)."""
    found: dict[tuple[str, str], str] = {}
    with world.database.work(practices=world.practice_ids, house=True) as session:
        for table in Base.metadata.sorted_tables:
            if table.name in _OWN_TRACES:
                continue
            whose = "practice_id::text" if "practice_id" in table.columns else "NULL"
            digest = "md5(string_agg(t::text, '|' ORDER BY t::text))"
            query = f"SELECT coalesce({whose}, '{HOUSE}'), {digest} FROM {table.name} t GROUP BY 1"
            rows = session.execute(text(query))
            found |= {(table.name, practice): digest for practice, digest in rows}
    return found


def changed(before: State, after: State, practices: Collection[str] | None = None) -> set[str]:
    """Name the tables that differ, of all practices or of some."""
    return {
        f"{table} of {practice}"
        for table, practice in before.keys() | after.keys()
        if before.get((table, practice)) != after.get((table, practice))
        and (practices is None or practice in practices)
    }
