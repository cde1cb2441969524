"""A second S3 server, of which the storage contract must hold too: SeaweedFS where one is found.

It is not among what a laptop needs: `SEAWEEDFS` names its program (`weed`), or PATH has it.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backoffice.gateways.documents import S3Documents
from backoffice.sandbox.stack.parts import Part, RunningPart, free_port, listens, stop

KEYS = ("second-store", "second-store-secret")
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
          "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")  # fmt: skip
_START_SECONDS = 60.0


def program() -> str | None:
    """Return where `weed` lies, None where there is none."""
    return os.environ.get("SEAWEEDFS") or shutil.which("weed")


@dataclass(frozen=True)
class SecondStore:
    """A running server and its address."""

    url: str

    def client(self) -> Any:
        """boto3's own client, for what the gateway has no word for."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def bucket(self, *, versions: bool = False, locks: bool = False) -> str:
        """Make an empty bucket and return its name."""
        name, client = f"test-{uuid4().hex}", self.client()
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locks)
        if versions:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def documents(self, bucket: str, *, encryption: str | None = None) -> S3Documents:
        """Return our gateway to one of its buckets."""
        return S3Documents(
            endpoint_url=self.url,
            bucket=bucket,
            access_key=KEYS[0],
            secret_key=KEYS[1],
            region="us-east-1",
            encryption=encryption,
        )


@contextmanager
def second_store(weed: str, folder: Path) -> Iterator[SecondStore]:
    """Run one in a folder, on loopback ports of its own."""
    keys = {"accessKey": KEYS[0], "secretKey": KEYS[1]}
    who = {"name": "us", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}
    known = folder / "s3.json"
    known.write_text(json.dumps({"identities": [who]}))
    (folder / "data").mkdir()
    free: set[int] = set()
    while len(free) < len(_PORTS):
        free.add(free_port())
    ports = dict(zip(_PORTS, free, strict=True))
    server = RunningPart(
        Part(
            name="seaweedfs",
            command=[weed, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1",
                     "-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={known}",
                     "-master.volumeSizeLimitMB=64", "-volume.max=1000",
                     *(f"-{name}={port}" for name, port in ports.items())],
            environment={
                "PATH": os.defpath,
                "HOME": str(folder),
                "WEED_S3_SSE_KEK": "5e" * 32,  # what it seals its own keys with
            },
            log=folder / "weed.log",
            ready=lambda: listens(ports["s3.port"]) and listens(ports["volume.port"]),
            cwd=folder,
        )
    )  # fmt: skip
    try:
        server.wait_until_ready(_START_SECONDS)
        store = SecondStore(f"http://127.0.0.1:{ports['s3.port']}")
        _wait_until_it_keeps(store)
        yield store
    finally:
        stop([server])


def _wait_until_it_keeps(store: SecondStore) -> None:
    """It listens before its parts have found each other."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            store.client().put_object(Bucket=store.bucket(), Key="k", Body=b"x")
        except (ClientError, BotoCoreError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return
