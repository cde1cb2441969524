"""Who signs in, by what proof, with which roles for which practices, and for how long."""

from backoffice.services.accounts.people import (
    Chip,
    Person,
    SignInRefused,
    email_key,
    hash_password,
    person,
    sign_in,
)
from backoffice.services.accounts.sessions import (
    ABSOLUTE,
    IDLE,
    OpenSession,
    end_one_session,
    end_sessions,
    is_open,
    open_sessions,
)

__all__ = [
    "ABSOLUTE",
    "IDLE",
    "Chip",
    "OpenSession",
    "Person",
    "SignInRefused",
    "email_key",
    "end_one_session",
    "end_sessions",
    "hash_password",
    "is_open",
    "open_sessions",
    "person",
    "sign_in",
]
