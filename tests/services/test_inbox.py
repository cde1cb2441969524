"""The documents' inbox: facts kept beside each document, counts with an end, plans that hold."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models.documents import DocumentKind, DocumentStatus
from backoffice.models.sealing import Keyring
from backoffice.sandbox.stack.postgres import SUPERUSER
from backoffice.services import documents
from backoffice.services.accounts import Person
from backoffice.services.documents import Wanted, filing, inbox
from backoffice.services.documents.filing import Beside, Sorting
from backoffice.services.documents.lines import ClaimBeside, ClientBeside
from tests.builders import NOW
from tests.clean import found_clean
from tests.databases import Database
from tests.services.test_documents import JPEG, PNG, keep
from tests.talk import Talk, a_talk

MANY = 4000
FILL = """
INSERT INTO documents (practice_id, id, created_at, document_key, kind, state, content_type, sha256,
                       size, uploaded_by_id, withdrawn_reason, status)
SELECT :practice, gen_random_uuid(), now(), 't/' || n, 'eob', 'stored', 'image/png', md5(n::text),
       9, :by, '', (ARRAY['new', 'to_post', 'posted', 'filed'])[1 + n % 4]
  FROM generate_series(1, :many) AS n
"""


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def listed(talk: Talk, **wanted: Any) -> inbox.Listing:
    person = talk.person(talk.cast.biller)
    with talk.work() as session:
        return documents.listed(session, person, Wanted(**wanted))


def twice(talk: Talk) -> set[UUID]:
    """The documents marked in the list, which are those that the filter finds."""
    marked = {line.id for line in listed(talk).lines if line.doubled}
    assert {line.id for line in listed(talk, doubled=True).lines} == marked
    return marked


def withdraw(talk: Talk, document_id: UUID) -> None:
    with talk.work() as session:
        documents.withdraw(session, document_id, reason="Sent twice.", now=NOW)


def test_a_file_came_twice_as_long_as_an_earlier_one_is_kept(talk: Talk) -> None:
    biller = talk.cast.biller
    first, second, third = (keep(talk, biller, stored=False).id for _ in range(3))
    keep(talk, biller, JPEG)
    assert twice(talk) == set()

    for document_id, expected in (
        (third, set()),
        (first, {second, third}),
        (second, {second, third}),
    ):
        with talk.work() as session:
            found_clean(session, document_id, now=NOW)
        assert twice(talk) == expected

    withdraw(talk, first)
    assert twice(talk) == {third}
    withdraw(talk, second)
    assert twice(talk) == set()


def test_of_two_that_go_at_once_the_second_sees_the_first_gone(talk: Talk) -> None:
    first, second, third = (keep(talk, talk.cast.biller).id for _ in range(3))
    other = threading.Thread(target=withdraw, args=(talk, second))

    with talk.work() as session:
        documents.withdraw(session, first, reason="Sent twice.", now=NOW)
        session.flush()
        other.start()
        other.join(timeout=0.2)
        assert other.is_alive()  # it waits for this one
    other.join(timeout=10)

    assert not other.is_alive()
    assert [line.id for line in listed(talk).lines if line.state == "stored"] == [third]
    assert twice(talk) == set()


def test_a_row_names_its_claim_and_client_and_counts_what_it_lies_beside(talk: Talk) -> None:
    by = talk.person(talk.cast.biller)
    beside = keep(talk, talk.cast.biller, beside_claim=True).id
    of_client, loose = (keep(talk, talk.cast.biller, JPEG + bytes([n])).id for n in range(2))
    with talk.work() as session:
        claim = talk.claim(session)
        client, number = claim.client, claim.our_number
        link = filing.link_to(session, of_client, Beside.CLIENT, client.id, by=by)
        filing.link_to(session, of_client, Beside.CLAIM, claim.id, by=by)
        taken = filing.link_to(session, loose, Beside.CLIENT, client.id, by=by)
    with talk.work() as session:
        filing.unlink(session, loose, taken.id, by=by)

    rows = {line.id: line for line in listed(talk).lines}
    found = {line.id for line in listed(talk, linked=True).lines}

    assert link.client_id == client.id
    assert [rows[each].links for each in (beside, of_client, loose)] == [1, 2, 0]
    for each in (beside, of_client):
        assert (rows[each].claim, rows[each].client) == (
            ClaimBeside(talk.claim_id, number), ClientBeside(client.id, client.name)
        )  # fmt: skip
    assert (rows[loose].claim, rows[loose].client) == (None, None)
    assert found == {beside, of_client}
    assert [line.id for line in listed(talk, linked=False).lines] == [loose]
    assert {line.id for line in listed(talk, claim_id=talk.claim_id).lines} == found


def test_a_practices_own_people_are_told_of_no_client_in_their_list(talk: Talk) -> None:
    keep(talk, talk.cast.biller, beside_claim=True)
    owner = talk.person(talk.cast.owner)

    with talk.work() as session:
        (line,) = documents.listed(session, owner, Wanted()).lines

    assert line.claim is not None
    assert line.client is None


def test_each_status_is_counted_under_the_other_filters_and_to_an_end(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "COUNTED_TO", 2)
    ids = [keep(talk, talk.cast.biller, PNG + bytes([n])).id for n in range(5)]
    by = talk.person(talk.cast.biller)
    with talk.work() as session:
        filing.sort(session, ids[:3], Sorting(status=DocumentStatus.TO_POST), by=by)

    every, to_post = listed(talk), listed(talk, status=DocumentStatus.TO_POST)
    new, none = listed(talk, status=DocumentStatus.NEW), listed(talk, kind=DocumentKind.W9)
    late = listed(talk, came_from=NOW + timedelta(days=1))

    assert every.by_status == to_post.by_status == counted(new=2, to_post=3)
    assert (every.total, every.exact) == (4, False)
    assert (to_post.total, to_post.exact, len(to_post.lines)) == (2, False, 3)
    assert (new.total, new.exact, new.hidden) == (2, True, 0)
    assert (none.by_status, none.hidden, none.lines) == (counted(), 2, [])
    assert (late.total, late.hidden) == (0, 2)


def counted(**found: int) -> Mapping[DocumentStatus, int]:
    return {status: found.get(status.value, 0) for status in DocumentStatus}


def test_pages_and_counts_walk_one_index_under_the_wall(talk: Talk) -> None:
    superuser = sa.create_engine(talk.database.urls[SUPERUSER], isolation_level="AUTOCOMMIT")
    given = {"practice": talk.practice_id, "by": talk.cast.biller.id, "many": MANY}
    with superuser.connect() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # no triggers
        connection.execute(sa.text(FILL.replace("::", "\\:\\:")), given)
        connection.execute(sa.text("VACUUM ANALYZE documents"))
    superuser.dispose()
    person = talk.person(talk.cast.biller)

    for wanted in (Wanted(), Wanted(kind=DocumentKind.EOB, linked=False), Wanted(doubled=True)):
        with talk.work() as session:
            counts, page, *_ = plans_of(session, person, wanted)
        for plan in (counts, page):
            assert "ix_documents_inbox" in plan
            assert "Seq Scan on documents" not in plan


def plans_of(session: Session, person: Person, wanted: Wanted) -> list[str]:
    """What the database means to do for each select on documents that this makes."""
    said: list[tuple[str, Any]] = []
    connection = session.connection()

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "FROM documents" in statement:
            said.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    documents.listed(session, person, wanted)
    sa.event.remove(connection, "before_cursor_execute", note)
    return [
        "\n".join(connection.exec_driver_sql(f"EXPLAIN {words}", values).scalars())
        for words, values in said
    ]
