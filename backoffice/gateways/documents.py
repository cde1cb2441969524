"""Where documents' bytes lie: S3, reached by opaque keys, or memory in tests.

What S3-like servers do not all offer (refusing a second put, keeping a type or a hash) is kept by
our rows; here a key is written once, and what was written is what was meant.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CHUNK = 1 << 20
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"412", "PreconditionFailed"}
_LOCKED = {"AccessDenied", "InvalidRequest", "ObjectLocked"}
_UNVERSIONED = {"NotImplemented", "MethodNotAllowed", "501", "405"}


class KeyTaken(Exception):
    """Something lies at this key already; a document is never overwritten."""


class DigestMismatch(Exception):
    """The bytes are not those whose SHA-256 was announced; nothing was stored."""


class NoSuchDocument(Exception):
    """Nothing lies at this key."""


class ErasureRefused(Exception):
    """The store keeps it: an object lock or a legal hold of its own stands, or we may not."""


class DocumentsUnavailable(Exception):
    """The store did not answer, or refused us; try again later."""


@dataclass(frozen=True)
class StoredDocument:
    """One object as the store lists it: its key, size in bytes and moment of storing (UTC)."""

    key: str
    size: int
    stored_at: datetime


class Documents(Protocol):
    """A store of bytes by key; keys are made of ids only."""

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        sha256: str,
        keep_until: datetime | None = None,
    ) -> None:
        """Store bytes, or a seekable stream of them, whose SHA-256 (hex) is known.

        `keep_until` locks it against everybody until then, where the store has object locks.
        Raises KeyTaken, DigestMismatch or DocumentsUnavailable.
        """

    def get(self, key: str) -> bytes:
        """Fetch all of it; raises NoSuchDocument or DocumentsUnavailable."""

    def stream(self, key: str) -> Iterator[bytes]:
        """Fetch it piece by piece; raises NoSuchDocument or DocumentsUnavailable."""

    def exists(self, key: str) -> bool:
        """Whether something lies at this key."""

    def list(self, prefix: str) -> Iterator[StoredDocument]:
        """Everything whose key begins with the prefix, in the keys' order."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The names between the prefix, which ends with a slash, and the next slash, in order."""

    def delete(self, key: str) -> None:
        """Remove it; nothing happens when it is gone already."""

    def erase(self, key: str) -> None:
        """Remove it with every version that the store keeps of it; raises ErasureRefused."""


class S3Documents:
    """Documents in one bucket of an S3 server, AWS's or another's."""

    def __init__(
        self,
        *,
        endpoint_url: str,
        bucket: str,
        access_key: str,
        secret_key: str,
        region: str,
        encryption: str | None = None,
    ) -> None:
        """`encryption` is asked for with every put: AES256, aws:kms or aws:kms:<key id>."""
        self._bucket = bucket
        self._encryption = _asked_encryption(encryption)
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name=region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                # the default checksums make range reads fail on servers other than AWS's
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 3, "mode": "standard"},
            ),
        )

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        sha256: str,
        keep_until: datetime | None = None,
    ) -> None:
        """Store after checking the digest; see Documents.put."""
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        size = _size_of(stream, sha256)
        if self.exists(key):
            raise KeyTaken
        lock = self._lock_until(keep_until) if keep_until else {}
        with _translated():
            # If-None-Match closes the gap between look and put where the server knows it
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=stream,
                IfNoneMatch="*",
                **self._encryption,
                **lock,
            )
            stored = self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        if stored != size:
            self.delete(key)
            raise DigestMismatch

    def _lock_until(self, moment: datetime) -> dict[str, Any]:
        """Return what locks an object until then; nothing in a bucket that has no locks."""
        try:
            self._client.get_object_lock_configuration(Bucket=self._bucket)
        except (ClientError, BotoCoreError):
            return {}
        # a locked put must carry a checksum
        return {
            "ObjectLockMode": "COMPLIANCE",
            "ObjectLockRetainUntilDate": moment,
            "ChecksumAlgorithm": "SHA256",
        }

    def get(self, key: str) -> bytes:
        """Fetch all of it; see Documents.get."""
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """Fetch it piece by piece; see Documents.stream."""
        with _translated():
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        return _pieces(body)

    def exists(self, key: str) -> bool:
        """Whether something lies at this key; see Documents.exists."""
        try:
            with _translated():
                self._client.head_object(Bucket=self._bucket, Key=key)
        except NoSuchDocument:
            return False
        return True

    def list(self, prefix: str) -> Iterator[StoredDocument]:
        """Everything below the prefix; see Documents.list."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        with _translated():
            for page in pages:
                for found in page.get("Contents", []):
                    yield StoredDocument(found["Key"], found["Size"], found["LastModified"])

    def folders(self, prefix: str) -> Iterator[str]:
        """The names one level below; see Documents.folders."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        with _translated():
            for page in pages:
                for found in page.get("CommonPrefixes", []):
                    yield found["Prefix"].removeprefix(prefix).removesuffix("/")

    def delete(self, key: str) -> None:
        """Remove it; see Documents.delete."""
        try:
            with _translated():
                self._client.delete_object(Bucket=self._bucket, Key=key)
        except NoSuchDocument:
            return

    def erase(self, key: str) -> None:
        """Remove it with its versions; see Documents.erase. A server may know no versions."""
        for version in self._versions(key):
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key, VersionId=version)
            except ClientError as refused:
                code = refused.response.get("Error", {}).get("Code", "")
                raise (ErasureRefused if code in _LOCKED else DocumentsUnavailable)(code) from None
            except BotoCoreError as broken:
                raise DocumentsUnavailable(type(broken).__name__) from None
        self.delete(key)

    def _versions(self, key: str) -> Sequence[str]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=key
        )
        try:
            return [
                found["VersionId"]
                for page in pages
                for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if found["Key"] == key and found["VersionId"] not in {"", "null"}
            ]
        except ClientError as refused:
            code = refused.response.get("Error", {}).get("Code", "")
            if code in _UNVERSIONED:
                return []
            raise DocumentsUnavailable(code) from None
        except BotoCoreError as broken:
            raise DocumentsUnavailable(type(broken).__name__) from None


class InMemoryDocuments:
    """Documents that live as long as the test."""

    def __init__(self) -> None:
        self._stored: dict[str, tuple[bytes, datetime]] = {}

    def put(
        self,
        key: str,
        content: bytes | BinaryIO,
        *,
        sha256: str,
        keep_until: datetime | None = None,
    ) -> None:
        """Store after checking the digest; see Documents.put. Memory has no locks."""
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        _size_of(stream, sha256)
        if key in self._stored:
            raise KeyTaken
        self._stored[key] = (stream.read(), datetime.now(UTC))

    def get(self, key: str) -> bytes:
        """Fetch all of it; see Documents.get."""
        if key not in self._stored:
            raise NoSuchDocument
        return self._stored[key][0]

    def stream(self, key: str) -> Iterator[bytes]:
        """Fetch it piece by piece; see Documents.stream."""
        content = self.get(key)
        return iter([content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)])

    def exists(self, key: str) -> bool:
        """Whether something lies at this key; see Documents.exists."""
        return key in self._stored

    def list(self, prefix: str) -> Iterator[StoredDocument]:
        """Everything below the prefix; see Documents.list."""
        for key in sorted(self._stored):
            if key.startswith(prefix):
                content, stored_at = self._stored[key]
                yield StoredDocument(key, len(content), stored_at)

    def folders(self, prefix: str) -> Iterator[str]:
        """The names one level below; see Documents.folders."""
        below = (key.removeprefix(prefix) for key in self._stored if key.startswith(prefix))
        yield from sorted(
            {name for name, slash, _ in (key.partition("/") for key in below) if slash}
        )

    def delete(self, key: str) -> None:
        """Remove it; see Documents.delete."""
        self._stored.pop(key, None)

    def erase(self, key: str) -> None:
        """Remove it; see Documents.erase. Memory keeps no versions."""
        self.delete(key)


def _asked_encryption(asked: str | None) -> dict[str, str]:
    """Return what a put says of encryption at rest; nothing leaves it to the bucket's default."""
    if asked is None:
        return {}
    if not asked.startswith("aws:kms:"):
        return {"ServerSideEncryption": asked}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": asked.removeprefix("aws:kms:")}


def _size_of(stream: BinaryIO, sha256: str) -> int:
    """Check the digest of a stream and rewind it; answers its size."""
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
    stream.seek(0)
    if digest.hexdigest() != sha256:
        raise DigestMismatch
    return size


def _pieces(body: Any) -> Iterator[bytes]:
    with _translated():
        yield from body.iter_chunks(_CHUNK)


@contextmanager
def _translated() -> Iterator[None]:
    """The store's complaints in our words; theirs may quote a key or an address."""
    try:
        yield
    except ClientError as refused:
        code = refused.response.get("Error", {}).get("Code", "")
        if code in _ABSENT:
            raise NoSuchDocument from None
        if code in _TAKEN:
            raise KeyTaken from None
        raise DocumentsUnavailable(code) from None
    except BotoCoreError as broken:
        raise DocumentsUnavailable(type(broken).__name__) from None
