"""The dotted names of all jobs, and how a service asks for one: in its own transaction."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.outbox import Errand


class Job(StrEnum):
    """Every job, by the dotted name of its function in workers/."""

    RELEASE_CLAIMS = "workers.submissions.release_claims"
    TRANSMIT_SUBMISSION = "workers.submissions.transmit_submission"
    SECOND_OPINION = "workers.submissions.second_opinion"
    SWEEP_PRACTICE = "workers.sweeps.sweep_practice"
    POLL_CLEARINGHOUSE = "workers.inbound.poll_clearinghouse"
    READ_INBOUND_FILE = "workers.inbound.read_inbound_file"
    APPLY_RESPONSES = "workers.inbound.apply_responses"
    APPLY_ACKNOWLEDGEMENT = "workers.inbound.apply_acknowledgement"
    READ_REMITTANCE = "workers.remittances.read_remittance"
    POST_REMITTANCE = "workers.remittances.post_remittance"
    RUN_INTAKE = "workers.intake.run_intake"
    REFRESH_READINESS = "workers.readiness.refresh_readiness"
    BEGIN_DAY = "workers.readiness.begin_day"
    SEND_MAIL = "workers.notifications.send_mail"
    SEND_PUSH = "workers.push.send_push"
    SEND_ACCOUNT_MAIL = "workers.notifications.send_account_mail"
    TELL_WHAT_IS_DUE = "workers.notifications.tell_what_is_due"
    COUNT_PAGES = "workers.documents.count_pages"
    READ_PAGES = "workers.pages.read_pages"
    CUT_DOCUMENTS = "workers.cutting.cut_documents"
    SCAN_DOCUMENT = "workers.documents.scan_document"
    ERASE_DOCUMENT = "workers.documents.erase_document"
    LOOK_AFTER_DOCUMENTS = "workers.documents.look_after_documents"
    LOOK_AFTER_STORE = "workers.documents.look_after_store"
    SEE_TO_DEPARTURE = "workers.departures.see_to_departure"
    WATCH_AGREEMENT = "workers.agreements.watch_agreement"


TIMEOUTS = {
    Job.RELEASE_CLAIMS.value: 900,
    Job.TRANSMIT_SUBMISSION.value: 180,
    Job.POLL_CLEARINGHOUSE.value: 900,
    Job.READ_INBOUND_FILE.value: 900,
    Job.APPLY_RESPONSES.value: 900,
    Job.APPLY_ACKNOWLEDGEMENT.value: 900,
    Job.READ_REMITTANCE.value: 900,
    Job.POST_REMITTANCE.value: 900,
    Job.RUN_INTAKE.value: 1800,
    Job.REFRESH_READINESS.value: 900,
    Job.BEGIN_DAY.value: 900,
    Job.SEE_TO_DEPARTURE.value: 3600,
    Job.READ_PAGES.value: 1800,
    Job.CUT_DOCUMENTS.value: 900,
    Job.LOOK_AFTER_DOCUMENTS.value: 1800,
    Job.LOOK_AFTER_STORE.value: 1800,
}
"""Seconds after which a job is ended, where 120 are not right."""


def ask_for(
    session: Session,
    job: Job,
    *,
    subject_id: UUID,
    practice_id: UUID | None,
    due_at: datetime,
    turn: str = "",
) -> None:
    """Write the errand that a relay will ring for; asking twice for the same turn is one errand.

    `practice_id` None means work of the house. Nothing is sent before the transaction commits.
    """
    session.execute(
        insert(Errand)
        .values(
            id=new_id(),
            job=job.value,
            practice_id=practice_id,
            subject_id=subject_id,
            turn=turn,
            due_at=due_at,
            created_at=due_at,
        )
        .on_conflict_do_nothing(index_elements=["job", "subject_id", "turn"])
    )
