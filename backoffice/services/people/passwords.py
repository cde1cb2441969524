"""A password set by a link from a mail."""

import unicodedata
from typing import Final

from backoffice.models.users import User
from backoffice.services.accounts import hash_password
from backoffice.services.refusal import Refused

SHORTEST: Final = 12
LONGEST: Final = 128


def set_password(user: User, password: str) -> None:
    """Give an account a new password."""
    if not SHORTEST <= len(unicodedata.normalize("NFKC", password)) <= LONGEST:
        raise Refused("Use 12 to 128 characters.", field="password")
    user.password_hash = hash_password(password)
