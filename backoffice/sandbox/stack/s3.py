"""An embedded S3 server: rclone over a plain folder, with signatures really checked."""

import os
from collections.abc import Mapping
from pathlib import Path

from backoffice.sandbox.stack.binaries import rclone
from backoffice.sandbox.stack.parts import Part, listens

BUCKET = "documents"


def url(port: int) -> str:
    """The endpoint; buckets are addressed by path."""
    return f"http://127.0.0.1:{port}"


def part(folder: Path, port: int, keys: tuple[str, str], environment: Mapping[str, str]) -> Part:
    """How to run it; `keys` are the access key and the secret key. A bucket is a folder."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / BUCKET).mkdir(exist_ok=True)
    access_key, secret_key = keys
    return Part(
        name="s3",
        command=[
            str(rclone(environment)),
            "serve",
            "s3",
            str(folder),
            f"--addr=127.0.0.1:{port}",
            "--no-cleanup",  # else the bucket goes with its last object
            "--log-level=NOTICE",
        ],
        environment={
            "PATH": os.defpath,
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CACHE_DIR": str(folder.parent / "s3-cache"),
            # comma-separated values inside one value: rclone wants the quotes
            "RCLONE_AUTH_KEY": f'"{access_key},{secret_key}"',
        },
        log=folder.parent / "log" / "s3.log",
        ready=lambda: listens(port),
    )
