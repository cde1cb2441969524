"""The paths to another practice's data: each tries one, and says what of it came through.

They are the kinds that safety.md counts and some more, in its order: reading through the ORM and
beside it, writing, pointing, and asking what one must not learn. A path answers with what it saw
of another practice ("" for nothing); a refusal by the database or by us is nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import (
    Table,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached, selectinload

from backoffice.models.base import new_id
from backoffice.models.clients import Client, Policy
from backoffice.models.submissions import ControlNumber
from backoffice.services import clients as service
from backoffice.services.access import one
from backoffice.services.work import TENANCY, TenancyChanged, tenancy_of
from tests.builders import NOW

CANARY = "zebrafinch"
"""Stands in the name of the other practice's client, in small letters everywhere."""


@dataclass(frozen=True)
class Two:
    """Ours, whom a unit works for, and theirs, of whom nothing may come through."""

    our_practice: UUID
    our_client: UUID
    their_practice: UUID
    their_client: UUID
    their_policy: UUID
    their_number: str
    their_source_id: str

    @property
    def their_key(self) -> tuple[UUID, UUID]:
        """The primary key of their client."""
        return self.their_practice, self.their_client


Path = Callable[[Session, Two], Any]
READS: dict[str, Path] = {}
WRITES: dict[str, Path] = {}


def reads(path: Path) -> Path:
    """List a path that must show nothing of theirs."""
    READS[path.__name__] = path
    return path


def writes(path: Path) -> Path:
    """List a path that must change nothing of theirs; it answers with the rows it changed."""
    WRITES[path.__name__] = path
    return path


TABLE = cast(Table, Client.__table__)


@reads
def orm_select(session: Session, _two: Two) -> Any:
    return [each.name_key for each in session.scalars(select(Client))]


@reads
def core_select(session: Session, _two: Two) -> Any:
    return session.execute(select(TABLE.c.name_key)).all()


@reads
def plain_sql(session: Session, _two: Two) -> Any:
    return session.execute(text("SELECT name_key FROM clients")).all()


@reads
def from_statement(session: Session, _two: Two) -> Any:
    query = select(Client).from_statement(text("SELECT * FROM clients"))
    return [each.name_key for each in session.scalars(query)]


@reads
def the_sessions_connection(session: Session, _two: Two) -> Any:
    return session.connection().execute(text("SELECT name_key FROM clients")).all()


@reads
def the_drivers_cursor(session: Session, _two: Two) -> Any:
    driver = session.connection().connection.driver_connection
    assert driver is not None
    return driver.execute("SELECT name_key FROM clients").fetchall()


@reads
def get_by_key(session: Session, two: Two) -> Any:
    found = session.get(Client, two.their_key)
    return found and found.name_key


@reads
def the_door_of_the_services(session: Session, two: Two) -> Any:
    return one(session, Client, two.their_client).name_key


@reads
def refresh_a_made_up_row(session: Session, two: Two) -> Any:
    row = _made_up(session, Client(practice_id=two.their_practice, id=two.their_client))
    session.refresh(row)
    return row.name_key


@reads
def lazy_relationship(session: Session, two: Two) -> Any:
    row = Policy(practice_id=two.their_practice, id=two.their_policy, client_id=two.their_client)
    return _made_up(session, row).client.name_key


@reads
def joined_relationship(session: Session, two: Two) -> Any:
    query = select(Policy).options(joinedload(Policy.client)).where(Policy.id == two.their_policy)
    return [each.client.name_key for each in session.scalars(query).unique()]


@reads
def selectin_relationship(session: Session, two: Two) -> Any:
    query = select(Policy).options(selectinload(Policy.client))
    return [each.client.name_key for each in session.scalars(query) if each.id == two.their_policy]


@reads
def count(session: Session, two: Two) -> Any:
    query = select(func.count()).select_from(Client).where(Client.practice_id == two.their_practice)
    return session.scalar(query) and CANARY


@reads
def exists_one(session: Session, two: Two) -> Any:
    query = select(exists().where(Client.id == two.their_client))
    return session.scalar(query) and CANARY


@reads
def aggregate(session: Session, _two: Two) -> Any:
    return session.scalar(select(func.string_agg(Client.name_key, literal_column("','"))))


@reads
def window(session: Session, _two: Two) -> Any:
    return session.scalars(select(func.lag(Client.name_key).over(order_by=Client.id))).all()


@reads
def common_table_expression(session: Session, _two: Two) -> Any:
    part = select(Client.name_key).cte("part")
    return session.scalars(select(part.c.name_key)).all()


@reads
def union(session: Session, _two: Two) -> Any:
    return session.scalars(union_all(select(Client.name_key), select(Client.last_name))).all()


@reads
def subquery(session: Session, two: Two) -> Any:
    inner = select(Client.name_key).where(Client.id == two.their_client).scalar_subquery()
    return session.scalar(select(inner))


@reads
def join_from_a_directory(session: Session, two: Two) -> Any:
    query = (
        select(Client.name_key)
        .select_from(ControlNumber)
        .join(Client, Client.practice_id == ControlNumber.practice_id)
        .where(ControlNumber.patient_control_number == two.their_number)
    )
    return session.scalars(query).all()


@reads
def a_view_of_ones_own(session: Session, _two: Two) -> Any:
    session.execute(text("CREATE TEMPORARY VIEW peek AS SELECT name_key FROM clients"))
    return session.execute(text("SELECT name_key FROM peek")).all()


@reads
def a_function_of_ones_own(session: Session, _two: Two) -> Any:
    session.execute(
        text(
            "CREATE FUNCTION pg_temp.peek() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT name_key FROM public.clients'"
        )
    )
    return session.execute(text("SELECT pg_temp.peek()")).all()


@reads
def the_search(session: Session, two: Two) -> Any:
    found = session.execute(select(func.clients_found([CANARY], 50))).all()
    return [*found, *(each.name_key for each in service.found(session, CANARY))] and CANARY


@reads
def copy_out(session: Session, _two: Two) -> Any:
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor().copy("COPY (SELECT name_key FROM clients) TO STDOUT") as out:
        return b"".join(bytes(part) for part in out).decode()


@reads
def a_condition_that_tells_by_failing(session: Session, _two: Two) -> Any:
    session.execute(text("SET LOCAL lc_messages = 'C'"))
    try:
        session.execute(text("SELECT 1 FROM clients WHERE (name_key || 'x')::int = 0")).all()
    except Exception as problem:  # noqa: BLE001 - what it says is what is looked at
        return str(problem)
    return ""


@reads
def the_planners_statistics(session: Session, _two: Two) -> Any:
    query = text("SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats")
    return session.execute(query).all()


@reads
def a_lock_on_the_row(session: Session, two: Two) -> Any:
    query = select(Client.name_key).where(Client.id == two.their_client).with_for_update()
    return session.scalars(query).all()


@reads
def another_tenancy_in_the_same_session(session: Session, two: Two) -> Any:
    session.scalars(select(Client)).all()
    session.info[TENANCY] = tenancy_of(practices=[two.their_practice], user_id=None, house=False)
    session.rollback()
    try:
        return [each.name_key for each in session.scalars(select(Client))]
    except TenancyChanged:
        return ""


@reads
def the_next_transaction_of_the_connection(session: Session, _two: Two) -> Any:
    session.rollback()
    session.info.pop(TENANCY)
    return session.execute(text("SELECT name_key FROM clients")).all() and CANARY


@reads
def a_unique_as_an_oracle(session: Session, two: Two) -> Any:
    """The same id and the same source id as theirs: taken elsewhere, free here."""
    row = _whole(two.our_practice, two.their_client) | {"source_id": two.their_source_id}
    try:
        session.execute(insert(TABLE).values(row))
    except IntegrityError:
        return CANARY
    session.rollback()
    return ""


@writes
def orm_update(session: Session, two: Two) -> Any:
    query = update(Client).where(Client.id == two.their_client).values(last_name=uuid4().hex)
    return session.execute(query).rowcount  # type: ignore[attr-defined]  # of an UPDATE


@writes
def orm_delete(session: Session, two: Two) -> Any:
    return session.execute(delete(Client).where(Client.id == two.their_client))


@writes
def core_update(session: Session, two: Two) -> Any:
    query = update(TABLE).where(TABLE.c.id == two.their_client).values(last_name=uuid4().hex)
    return session.connection().execute(query).rowcount


@writes
def core_delete(session: Session, two: Two) -> Any:
    query = text("DELETE FROM unbilled_totals WHERE practice_id = :theirs")
    return session.connection().execute(query, {"theirs": two.their_practice}).rowcount


@writes
def bulk_update_by_key(session: Session, two: Two) -> Any:
    practice_id, client_id = two.their_key
    row = {"practice_id": practice_id, "id": client_id, "last_name": uuid4().hex, "version": 1}
    session.execute(update(Client), [row])


@writes
def update_returning(session: Session, two: Two) -> Any:
    query = update(TABLE).where(TABLE.c.id == two.their_client).values(last_name=uuid4().hex)
    return session.connection().execute(query.returning(TABLE.c.name_key)).all()


@writes
def merge_a_made_up_row(session: Session, two: Two) -> Any:
    practice_id, client_id = two.their_key
    session.merge(
        Client(practice_id=practice_id, id=client_id, last_name=uuid4().hex, name_key="t")
    )
    session.flush()


@writes
def change_a_made_up_row(session: Session, two: Two) -> Any:
    row = _made_up(session, Client(practice_id=two.their_practice, id=two.their_client, version=1))
    row.last_name = uuid4().hex
    session.flush()


@writes
def add_for_another(session: Session, two: Two) -> Any:
    session.add(Client(practice_id=two.their_practice, name_key="planted"))
    session.flush()


@writes
def insert_for_another(session: Session, two: Two) -> Any:
    session.connection().execute(insert(TABLE).values(_whole(two.their_practice, uuid4())))


@writes
def copy_in_for_another(session: Session, two: Two) -> Any:
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor().copy("COPY clients (practice_id, id, name_key) FROM STDIN") as copy:
        copy.write_row([two.their_practice, uuid4(), "planted"])


@writes
def move_ours_to_another(session: Session, two: Two) -> Any:
    query = update(TABLE).where(TABLE.c.id == two.our_client)
    session.connection().execute(query.values(practice_id=two.their_practice))


@writes
def take_theirs_to_us(session: Session, two: Two) -> Any:
    query = update(TABLE).where(TABLE.c.id == two.their_client)
    return session.connection().execute(query.values(practice_id=two.our_practice)).rowcount


@writes
def upsert_over_theirs(session: Session, two: Two) -> Any:
    row = _whole(*two.their_key)
    query = upsert(TABLE).values(row)
    session.connection().execute(
        query.on_conflict_do_update(
            index_elements=["practice_id", "id"], set_={"last_name": uuid4().hex}
        )
    )


@writes
def point_to_theirs(session: Session, two: Two) -> Any:
    session.add(Policy(practice_id=two.our_practice, client_id=two.their_client))
    session.flush()


@writes
def write_into_their_directory(session: Session, two: Two) -> Any:
    session.add(
        ControlNumber(
            patient_control_number="PLANTED1", practice_id=two.their_practice, attempt_id=new_id()
        )
    )
    session.flush()


@writes
def truncate(session: Session, _two: Two) -> Any:
    session.execute(text("TRUNCATE unbilled_totals"))


def _made_up(session: Session, row: Any) -> Any:
    """Put a row into the session as if it had been loaded."""
    make_transient_to_detached(row)
    session.add(row)
    session.expire(row, ["name_key"] if isinstance(row, Client) else ["client"])
    return row


def _whole(practice_id: UUID, client_id: UUID) -> dict[str, Any]:
    """Every column that must have a value."""
    texts = {
        column.name: ""
        for column in TABLE.columns
        if not column.nullable and column.type.python_type is str
    }
    return texts | {
        "practice_id": practice_id,
        "id": client_id,
        "created_at": NOW,
        "name_key": "planted",
        "birth_date_shape": "absent",
        "billing_type": "insurance",
        "version": 1,
    }
