"""Passkeys (WebAuthn): made and asked for by the browser, checked here against our one address.

The person is verified by their device (PIN, finger, face). The challenge stands in the session's
row and is good for one answer within five minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlalchemy import CursorResult, literal, or_, select, update
from sqlalchemy.orm import Session
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from backoffice.models.factors import Factor, FactorKind
from backoffice.models.users import SignIn, User

CHALLENGE_LIVES: Final = timedelta(minutes=5)
T = TypeVar("T")
_MALFORMED: Final = (WebAuthnException, ValueError, KeyError, TypeError)
"""What the library raises for an answer that is wrong, or that no browser would give."""


@dataclass(frozen=True)
class Site:
    """Where passkeys belong: exactly one origin, and its host as the relying party's id."""

    origin: str

    @property
    def host(self) -> str:
        """Return the host alone."""
        return urlsplit(self.origin).hostname or ""


def offer_new(
    session: Session, user: User, *, token_hash: bytes, site: Site, now: datetime
) -> str | None:
    """Return what the browser makes a passkey from (JSON), None when the session has ended."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Cleanclaim",
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(session, user.id),
    )
    kept = _keep_challenge(session, token_hash, options.challenge, now=now)
    return webauthn.options_to_json(options) if kept else None


def add_passkey(
    session: Session, user_id: UUID, answer: str, *, token_hash: bytes, site: Site, now: datetime
) -> Factor | None:
    """Keep the passkey that a browser made; None when its answer does not hold."""
    challenge = _take_challenge(session, token_hash, now=now)
    if challenge is None:
        return None

    def verify() -> VerifiedRegistration:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )

    made = _or_none(verify)
    if made is None or _by_credential(session, made.credential_id) is not None:
        return None
    passkey = Factor(
        user_id=user_id,
        kind=FactorKind.PASSKEY,
        name="Passkey",
        created_at=now,
        confirmed_at=now,
        last_used_at=now,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
    )
    session.add(passkey)
    session.flush()
    return passkey


def ask_for_one(
    session: Session, user_id: UUID, *, token_hash: bytes, site: Site, now: datetime
) -> str | None:
    """Return what the browser asks a passkey for (JSON), None where there is none to ask."""
    own = _descriptors(session, user_id)
    if not own:
        return None
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        allow_credentials=own,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    kept = _keep_challenge(session, token_hash, options.challenge, now=now)
    return webauthn.options_to_json(options) if kept else None


def take_answer(
    session: Session, user_id: UUID, answer: str, *, token_hash: bytes, site: Site, now: datetime
) -> bool:
    """Whether a browser's answer was made by one of somebody's passkeys, for this challenge."""
    challenge = _take_challenge(session, token_hash, now=now)
    parsed = _or_none(lambda: parse_authentication_credential_json(answer))
    passkey = _by_credential(session, parsed.raw_id) if parsed else None
    if challenge is None or passkey is None or passkey.user_id != user_id:
        return False

    def verify() -> VerifiedAuthentication:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key or b"",
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )

    proved = _or_none(verify)
    if proved is None:
        return False
    # A copied passkey betrays itself by a count that does not grow; many never count (0).
    counted = session.execute(
        update(Factor)
        .where(
            Factor.id == passkey.id,
            or_(Factor.sign_count < proved.new_sign_count, literal(proved.new_sign_count == 0)),
        )
        .values(sign_count=proved.new_sign_count, last_used_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], counted).rowcount == 1


def _or_none(look: Callable[[], T]) -> T | None:
    try:
        return look()
    except _MALFORMED:
        return None


def _descriptors(session: Session, user_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    own = session.scalars(
        select(Factor.credential_id).where(
            Factor.user_id == user_id, Factor.kind == FactorKind.PASSKEY
        )
    )
    return [PublicKeyCredentialDescriptor(id=each) for each in own if each]


def _by_credential(session: Session, credential_id: bytes) -> Factor | None:
    return session.scalars(
        select(Factor).where(Factor.credential_id == credential_id)
    ).one_or_none()


def _keep_challenge(
    session: Session, token_hash: bytes, challenge: bytes, *, now: datetime
) -> bool:
    kept = session.execute(
        update(SignIn)
        .where(SignIn.token_hash == token_hash, SignIn.revoked_at.is_(None))
        .values(challenge=challenge, challenge_until=now + CHALLENGE_LIVES)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], kept).rowcount == 1


def _take_challenge(session: Session, token_hash: bytes, *, now: datetime) -> bytes | None:
    """Return the challenge of a session and forget it: whoever comes second finds none."""
    row = session.scalars(
        select(SignIn)
        .where(SignIn.token_hash == token_hash, SignIn.revoked_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None or row.challenge is None or row.challenge_until is None:
        return None
    challenge, until = row.challenge, row.challenge_until
    row.challenge = row.challenge_until = None
    session.flush()
    return challenge if now < until else None
