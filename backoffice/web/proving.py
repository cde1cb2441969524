"""A second factor on a page: which ones somebody may give, and looking at what they gave."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import request

from backoffice.models.factors import FactorKind
from backoffice.services import accounts
from backoffice.services.accounts import Proof, Site
from backoffice.web.extensions import clock, house_work, settings
from backoffice.web.sessions import current

FIELDS: Final = frozenset({"factor_passkey", "factor_code", "factor_recovery_code"})
"""The names of a proof's fields; no other form uses them."""
WRONG: Final = (
    "That did not work: it is wrong, was used already, or there were too many tries."
    " Wait a little, then try again."
)


@dataclass(frozen=True)
class Ways:
    """What somebody may prove themselves with; `passkey` is what their browser is asked (JSON)."""

    passkey: str
    has_app: bool


def site() -> Site:
    """Return where passkeys belong: the portal's one address."""
    return Site(settings().portal_url)


def ways(user_id: UUID) -> Ways | None:
    """Return how somebody may prove themselves, None when they have no second factor yet."""
    with house_work() as unit:
        kinds = {factor.kind for factor in accounts.factors_of(unit, user_id)}
        asked = accounts.ask_for_one(
            unit, user_id, token_hash=current().token_hash, site=site(), now=clock()
        )
    return Ways(asked or "", FactorKind.TOTP in kinds) if kinds else None


def given() -> Proof | None:
    """Return the proof that the form holds, None where it holds none."""
    proof = Proof(
        passkey=request.form.get("factor_passkey", ""),
        code=request.form.get("factor_code", ""),
        recovery_code=request.form.get("factor_recovery_code", ""),
    )
    return proof if proof != Proof() else None


def holds(user_id: UUID) -> bool:
    """Whether the form's proof is good; it is used up."""
    proof = given()
    if proof is None:
        return False
    with house_work() as unit:
        return accounts.prove(
            unit,
            user_id,
            proof,
            token_hash=current().token_hash,
            site=site(),
            now=clock(),
        )
