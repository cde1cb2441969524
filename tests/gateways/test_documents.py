"""One contract for every document store: S3's real server and the one in memory."""

import hashlib
import io
from collections.abc import Iterator

import pytest

from backoffice.gateways.documents import (
    DigestMismatch,
    Documents,
    DocumentsUnavailable,
    InMemoryDocuments,
    KeyTaken,
    NoSuchDocument,
    S3Documents,
)
from tests.servers import Servers

CONTENT = bytes(range(256)) * 9000


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["in memory", "s3"])
def store(request: pytest.FixtureRequest) -> Iterator[Documents]:
    if request.param == "s3":
        yield request.getfixturevalue("s3_documents")
    else:
        yield InMemoryDocuments()


def test_what_is_put_comes_back_byte_for_byte(store: Documents) -> None:
    store.put("t/1/2", CONTENT, sha256=digest(CONTENT))

    assert store.get("t/1/2") == CONTENT
    assert b"".join(store.stream("t/1/2")) == CONTENT
    assert store.exists("t/1/2")


def test_a_stream_is_stored_whole_though_it_was_read_for_its_digest(store: Documents) -> None:
    store.put("t/1/2", io.BytesIO(CONTENT), sha256=digest(CONTENT))

    assert store.get("t/1/2") == CONTENT


def test_an_empty_document_is_a_document(store: Documents) -> None:
    store.put("t/1/2", b"", sha256=digest(b""))

    assert store.get("t/1/2") == b""


def test_a_taken_key_is_refused_and_keeps_its_bytes(store: Documents) -> None:
    store.put("t/1/2", b"first", sha256=digest(b"first"))

    with pytest.raises(KeyTaken):
        store.put("t/1/2", b"second", sha256=digest(b"second"))

    assert store.get("t/1/2") == b"first"


def test_bytes_other_than_announced_are_not_stored(store: Documents) -> None:
    with pytest.raises(DigestMismatch):
        store.put("t/1/2", b"what came", sha256=digest(b"what was announced"))

    assert not store.exists("t/1/2")


def test_an_absent_document_is_told_apart_from_an_absent_store(store: Documents) -> None:
    with pytest.raises(NoSuchDocument):
        store.get("t/none")
    with pytest.raises(NoSuchDocument):
        store.stream("t/none")


def test_a_list_holds_what_lies_below_its_prefix_with_size_and_moment(store: Documents) -> None:
    for key in ("t/1/b", "t/1/a", "t/2/a"):
        store.put(key, key.encode(), sha256=digest(key.encode()))

    found = list(store.list("t/1/"))

    assert [one.key for one in found] == ["t/1/a", "t/1/b"]
    assert [one.size for one in found] == [5, 5]
    assert all(one.stored_at.tzinfo for one in found)


def test_a_deleted_document_is_gone_and_deleting_again_does_nothing(store: Documents) -> None:
    store.put("t/1/2", b"x", sha256=digest(b"x"))

    store.delete("t/1/2")
    store.delete("t/1/2")

    assert not store.exists("t/1/2")
    assert list(store.list("")) == []


def test_an_erased_document_is_gone_and_its_neighbour_stays(store: Documents) -> None:
    for key in ("t/1/2", "t/1/22"):
        store.put(key, b"x", sha256=digest(b"x"))

    store.erase("t/1/2")
    store.erase("t/1/2")

    assert [found.key for found in store.list("")] == ["t/1/22"]


def test_a_store_with_another_secret_is_refused(servers: Servers) -> None:
    stranger = S3Documents(
        endpoint_url=servers.environment["S3_ENDPOINT_URL"],
        bucket="documents",
        access_key=servers.environment["S3_ACCESS_KEY"],
        secret_key="not the secret",
        region="us-east-1",
    )

    with pytest.raises(DocumentsUnavailable):
        stranger.get("t/1/2")


def test_a_store_that_is_away_is_unavailable(closed_port: int) -> None:
    away = S3Documents(
        endpoint_url=f"http://127.0.0.1:{closed_port}",
        bucket="documents",
        access_key="a",
        secret_key="b",
        region="us-east-1",
    )

    with pytest.raises(DocumentsUnavailable):
        away.exists("t/1/2")
