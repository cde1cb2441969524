"""Reads a practice's remittances into rows and posts them."""

from backoffice.models.inbound import InboundFile, InboundTransaction
from backoffice.services.inbound.payments import read_payments
from backoffice.services.remittances import posting, storing
from workers.runtime import Again, Runtime, Task, errand_job


@errand_job
def read_remittance(task: Task, runtime: Runtime) -> Again | None:
    """Turn one payment of an 835 file into the practice's rows, matched to its claims."""
    with runtime.intake() as session:
        transaction = session.get(InboundTransaction, task.subject_id)
        file = session.get(InboundFile, transaction.file_id) if transaction else None
    if transaction is None or file is None or transaction.practice_id is None:
        return None
    found = read_payments(runtime.documents.get(file.document_key)).payments
    read = found[transaction.position - 1].remittance
    with runtime.work(transaction.practice_id) as session:
        storing.store(session, transaction.id, read, now=runtime.clock())
    return None


@errand_job
def post_remittance(task: Task, runtime: Runtime) -> Again | None:
    """Post what is clean of a remittance; what needs a person waits with its reason."""
    with runtime.work(task.practice_id) as session:
        posting.post_remittance(session, task.subject_id, now=runtime.clock())
    return None
