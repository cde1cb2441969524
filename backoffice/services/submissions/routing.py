"""Through which clearinghouse account a practice's claims reach a payer."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.payers import ClearinghouseAccount, PracticePayer
from backoffice.services.access import visible
from backoffice.services.refusal import Refused


class NoAccount(Refused):
    """There is no clearinghouse account at all."""

    code = "no_account"

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("There is no clearinghouse account to send claims through.")


def account_for(session: Session, *, practice_id: UUID, payer_id: UUID) -> UUID:
    """Return the practice's own account for a payer, else the house's first; or NoAccount."""
    own = visible(session, PracticePayer).where(
        PracticePayer.practice_id == practice_id,
        PracticePayer.payer_id == payer_id,
        PracticePayer.account_id.is_not(None),
    )
    known = session.scalars(own).one_or_none()
    if known is not None and known.account_id is not None:
        return known.account_id
    oldest = select(ClearinghouseAccount.id).order_by(
        ClearinghouseAccount.created_at, ClearinghouseAccount.id
    )
    default = session.scalar(oldest.limit(1))
    if default is None:
        raise NoAccount
    return default
