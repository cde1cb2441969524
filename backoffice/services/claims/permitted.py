"""Whether a claim may leave at all, whatever it says: the agreement, the client's consent."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.practices import Practice
from backoffice.rules.scrub import ScrubFinding, leave_findings
from backoffice.services import consents
from backoffice.services.practices import agreement_in_force


def findings_on_leaving(
    session: Session, claim: Claim, *, on: date, now: datetime
) -> tuple[ScrubFinding, ...]:
    """Return what keeps a claim here although a payer would take it; asked again as it leaves.

    Answers to claims that left before come in all the same: money must not be lost.
    """
    practice = session.get_one(Practice, claim.practice_id)
    return leave_findings(
        has_agreement=agreement_in_force(practice, now=now),
        has_consent=consents.lets_bill(session, claim.client, on=on),
    )
