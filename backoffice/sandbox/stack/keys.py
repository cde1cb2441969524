"""The passwords and keys of one stack, made once and kept where only we can read them."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, repr=False)
class StackKeys:
    """Everything secret that an embedded server or the program needs on a laptop."""

    postgres_superuser: str
    postgres_owner: str
    postgres_app: str
    postgres_relay: str
    postgres_sealer: str
    postgres_intake: str
    redis: str
    s3_access_key: str
    s3_secret_key: str
    secret_key: str
    field_key: str
    index_key: str
    clearinghouse_key: str
    push_key: str

    @classmethod
    def generate(cls) -> "StackKeys":
        """Fresh random values."""
        return cls(
            postgres_superuser=secrets.token_hex(16),
            postgres_owner=secrets.token_hex(16),
            postgres_app=secrets.token_hex(16),
            postgres_relay=secrets.token_hex(16),
            postgres_sealer=secrets.token_hex(16),
            postgres_intake=secrets.token_hex(16),
            redis=secrets.token_hex(16),
            s3_access_key=secrets.token_hex(10),
            s3_secret_key=secrets.token_hex(20),
            secret_key=secrets.token_hex(32),
            field_key=_aes_key(),
            index_key=_aes_key(),
            clearinghouse_key=secrets.token_hex(16),
            push_key=_aes_key(),
        )

    @classmethod
    def of(cls, folder: Path) -> "StackKeys":
        """The folder's keys, made at the first call; the data are unreadable without it.

        A folder of an earlier release gets the keys that it did not need then.
        """
        path = folder / "keys.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        made = cls(**{**asdict(cls.generate()), **kept})
        if asdict(made) != kept:
            path.touch(mode=0o600)
            path.write_text(json.dumps(asdict(made), indent=2))
        return made


def _aes_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
