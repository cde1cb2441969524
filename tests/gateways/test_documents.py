"""One contract for every document store: S3's real servers and the one in memory.

`pytest -m storage` runs it against a second server too, versioned, locked, where one is found.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from backoffice.gateways.documents import (
    DigestMismatch,
    Documents,
    DocumentsUnavailable,
    ErasureRefused,
    InMemoryDocuments,
    KeyTaken,
    NoSuchDocument,
    S3Documents,
)
from tests.second_store import SecondStore, program, second_store
from tests.servers import Servers

CONTENT = bytes(range(256)) * 9000


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondStore]:
    """SeaweedFS: it has versions, locks and preconditions."""
    weed = program()
    if weed is None:
        pytest.skip("no second server: set SEAWEEDFS to a `weed`, or put it on PATH")
    with second_store(weed, tmp_path_factory.mktemp("seaweedfs")) as running:
        yield running


@pytest.fixture(
    params=[
        "in memory",
        "s3",
        pytest.param("second", marks=pytest.mark.storage),
        pytest.param("second, versioned", marks=pytest.mark.storage),
    ]
)
def store(request: pytest.FixtureRequest) -> Iterator[Documents]:
    if request.param == "s3":
        yield request.getfixturevalue("s3_documents")
    elif request.param == "in memory":
        yield InMemoryDocuments()
    else:
        server: SecondStore = request.getfixturevalue("second")
        yield server.documents(server.bucket(versions="versioned" in request.param))


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


def test_folders_are_the_names_one_level_below(store: Documents) -> None:
    for key in ("t/one/a", "t/one/a.made/1", "t/two/b", "t/loose", "u/three/c"):
        store.put(f"folders/{key}", CONTENT[:9], sha256=digest(CONTENT[:9]))

    assert list(store.folders("folders/t/")) == ["one", "two"]
    assert list(store.folders("folders/none/")) == []


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


@pytest.mark.storage
def test_an_erased_document_leaves_no_version_and_a_deleted_one_does(second: SecondStore) -> None:
    bucket = second.bucket(versions=True)
    store, client = second.documents(bucket), second.client()

    def versions() -> int:
        listed = client.list_object_versions(Bucket=bucket)
        return len(listed.get("Versions", []))

    store.put("t/1/2", CONTENT, sha256=digest(CONTENT))
    store.delete("t/1/2")
    after_deleting = versions()
    store.erase("t/1/2")

    assert after_deleting == 1
    assert versions() == 0
    assert not store.exists("t/1/2")


@pytest.mark.storage
def test_a_lock_refuses_erasure_until_its_day(second: SecondStore) -> None:
    store = second.documents(second.bucket(locks=True))
    until = datetime.now(UTC) + timedelta(seconds=3)
    store.put("t/1/2", b"kept", sha256=digest(b"kept"), keep_until=until)

    with pytest.raises(ErasureRefused):
        store.erase("t/1/2")

    assert store.get("t/1/2") == b"kept"


@pytest.mark.storage
def test_the_server_itself_refuses_a_second_put(second: SecondStore) -> None:
    bucket = second.bucket()
    client = second.client()
    client.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")

    with pytest.raises(ClientError) as refused:
        client.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")

    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"


@pytest.mark.storage
def test_what_is_asked_to_be_encrypted_comes_back_and_says_so(second: SecondStore) -> None:
    bucket = second.bucket()
    store = second.documents(bucket, encryption="AES256")

    store.put("t/1/2", CONTENT, sha256=digest(CONTENT))

    head = second.client().head_object(Bucket=bucket, Key="t/1/2")
    assert head["ServerSideEncryption"] == "AES256"
    assert store.get("t/1/2") == CONTENT
