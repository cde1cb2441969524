"""A claim is frozen as it is released, under numbers of its own, and can be taken back in time."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.jobs import Job
from backoffice.models.claims import ClaimStep
from backoffice.models.outbox import Errand
from backoffice.models.submissions import Attempt, AttemptOutcome, ControlNumber
from backoffice.rules.claim_facts import Frequency
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.identifiers import is_patient_control_number
from backoffice.services import claims
from tests.builders import NOW
from tests.cast import a_user
from tests.services.billing import NO_DELAY, a_billing, a_claim

WINDOW = timedelta(minutes=5)


def test_a_released_claim_is_queued_until_its_undo_window_is_over(
    session: Session, practice_id: UUID
) -> None:
    claim = a_claim(session, a_billing(session, practice_id))

    findings = claims.release(session, claim, by=None, now=NOW, delay=WINDOW)

    errand = session.scalars(select(Errand).where(Errand.job == Job.RELEASE_CLAIMS)).one()
    assert findings == ()
    assert claim.status is ClaimStatus.QUEUED
    assert claim.release_at == errand.due_at == NOW + WINDOW
    assert (errand.practice_id, errand.subject_id) == (practice_id, practice_id)
