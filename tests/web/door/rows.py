"""The rows of the door test's world, one of each kind, each with its side's canary in its words."""

import hashlib
import secrets
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.appointments import ReadinessFinding
from backoffice.models.base import new_id
from backoffice.models.claims import Claim
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.contract import (
    Consent,
    Disclosure,
    DisclosureBasis,
    HoldKind,
    LegalHold,
)
from backoffice.models.documents import Document, DocumentKind, DocumentLink, DocumentState
from backoffice.models.factors import Factor, FactorKind
from backoffice.models.inbound import InboundFile, InboundKind, InboundState
from backoffice.models.intake import BatchState, IntakeBatch
from backoffice.models.live import PushSubscription
from backoffice.models.messages import Message, Thread
from backoffice.models.notifications import Mail, MailState
from backoffice.models.payers import Payer
from backoffice.models.people import BrokenGlass, Invitation
from backoffice.models.practices import Practice
from backoffice.models.remittances import ProviderAdjustment
from backoffice.models.replies import CannedReply, HouseReply
from backoffice.models.submissions import SubmissionState
from backoffice.models.tasks import TaskKind
from backoffice.models.users import Level, OnceKey, SignIn, User
from backoffice.rules.notices import Topic
from backoffice.rules.part2 import ConsentKind
from backoffice.rules.roles import Role
from backoffice.services.documents.pages import Picture
from backoffice.services.documents.showing import keep_words, page_row
from backoffice.services.inbound.keeping import RawFile
from backoffice.services.intake.batches import BroughtFile, hold
from backoffice.services.submissions.building import build_files
from backoffice.services.tasks import raise_once
from backoffice.web.extensions import DOCUMENTS, clock
from tests import builders
from tests.builders import NOW
from tests.cast import joins
from tests.databases import Database
from tests.services import billing as ready
from tests.services import eras
from tests.services.billing import Billing
from tests.services.eras import Check, Line, Paid
from tests.web.door.sides import BYTES, INTERNAL, TOKENS, Side


def a_user(session: Session, name: str) -> User:
    email = f"{name.lower().replace(' ', '.')}@example.test"
    user = User(email=email, email_key=email, name=name, password_hash=None)
    session.add(user)
    session.flush()
    return user


def a_client(
    session: Session, practice: Practice, payer: Payer, token: str
) -> tuple[Client, Policy]:
    client = builders.a_client(
        session,
        practice,
        last_name=token.title(),
        name_key=f"{token}, avery",
        street=f"1 {token}",
        ssn="900456789",
        ssn_last4="6789",
    )
    policy = builders.a_policy(
        session, client, payer, member_id=f"{token}1".upper(), group_name=f"{token} group"
    )
    return client, policy


def a_side(app: Flask, session: Session, name: str, ground: Billing) -> Side:
    """Make one row of each kind, each with the side's canary in its words."""
    token, practice_id = TOKENS[name], ground.practice.id
    ids: dict[str, UUID] = {
        "client_id": ground.client.id,
        "policy_id": ground.policy.id,
        "clinician_id": ground.clinician.id,
        "facility_id": ground.facility.id,
        "practice_id": practice_id,
    }
    claim, ids["submission_id"] = _a_sent_claim(session, ground)
    ids |= {"claim_id": claim.id, "prepared_id": _a_prepared_claim(session, ground)}
    ids["authorization_id"] = _an_authorization(session, ground, token)
    ids["appointment_id"] = _a_lacking_appointment(session, ground, token)
    ids["billable_id"] = an_appointment(session, ground)
    ids["thread_id"], ids["message_id"] = _a_thread(session, ground, claim, token)
    ids["reply_id"] = _a_reply(session, practice_id, words_of(name))
    ids["task_id"] = _a_task(session, practice_id, ids["thread_id"], token)
    ids |= _a_document(app, session, ground, claim, token)
    ids["batch_id"] = _a_batch(session, practice_id, ground.clinician.user_id, token)
    ids |= _a_remittance(app, session, ground, claim)
    ids |= _people_of(session, ground, name)
    return Side(name, practice_id, ground.practice.name, token, ids, {"claim": claim.our_number})


def an_appointment(session: Session, ground: Billing, **values: Any) -> UUID:
    """A completed session of the side's client."""
    made = builders.an_appointment(
        session, ground.client, ground.clinician, ground.facility, **values
    )
    return made.id


def _a_sent_claim(session: Session, ground: Billing) -> tuple[Claim, UUID]:
    """A claim out with the payer, in a file that waits for a person's word."""
    claim = ready.a_queued_claim(session, ground)
    (file,) = build_files(session, ground.practice.id, now=NOW)
    file.state, file.unknown_since = SubmissionState.NEEDS_PERSON, NOW
    session.flush()
    return claim, file.id


def _a_prepared_claim(session: Session, ground: Billing) -> UUID:
    return ready.a_claim(session, ground, served_on=date(2026, 11, 3)).id


def _an_authorization(session: Session, ground: Billing, token: str) -> UUID:
    row = Authorization(
        practice_id=ground.practice.id,
        client_id=ground.client.id,
        policy_id=ground.policy.id,
        number=f"{token}-auth",
    )
    session.add(row)
    session.flush()
    return row.id


def _a_lacking_appointment(session: Session, ground: Billing, token: str) -> UUID:
    """A session without a diagnosis: its finding is what `supply` fills."""
    return an_appointment(session, ground, diagnosis_codes=[], served_on=date(2026, 11, 4))


def with_finding(session: Session, side: Side) -> Side:
    found = session.scalars(
        select(ReadinessFinding.id).where(
            ReadinessFinding.practice_id == side.practice_id,
            ReadinessFinding.subject_id == side.ids["appointment_id"],
            ReadinessFinding.field == "diagnoses",
        )
    ).first()
    assert found is not None, "the appointment without a diagnosis has a finding"
    return replace(side, ids={**side.ids, "finding_id": found})


def _a_thread(session: Session, ground: Billing, claim: Claim, token: str) -> tuple[UUID, UUID]:
    """A thread about the claim with an internal note; and what the clinician said in it."""
    practice_id = ground.practice.id
    thread = Thread(
        practice_id=practice_id,
        subject=f"About {token}",
        claim_id=claim.id,
        last_message_at=NOW,
    )
    session.add(thread)
    session.flush()
    for body, internal in ((f"{token} {INTERNAL}", True), (f"{token} says", False)):
        said = Message(
            practice_id=practice_id,
            thread_id=thread.id,
            author_id=ground.clinician.user_id,
            internal=internal,
            body=body,
            sent_at=NOW,
        )
        session.add(said)
    session.flush()
    return thread.id, said.id


def words_of(side: str) -> str:
    """What is kept ready names nobody of one's own practice; another's words stay there."""
    return TOKENS[side] if side not in {"own", "colleague"} else f"Good day ({side})"


def _a_reply(session: Session, practice_id: UUID, words: str) -> UUID:
    row = CannedReply(practice_id=practice_id, name=f"About {words}", body=f"{words} says")
    session.add(row)
    session.flush()
    return row.id


def _a_task(session: Session, practice_id: UUID, thread_id: UUID, token: str) -> UUID:
    made = raise_once(
        session,
        practice_id,
        TaskKind.FOLLOW_UP,
        f"follow_up:{thread_id}",
        now=NOW,
        title=f"Call about {token}",
        thread_id=thread_id,
    )
    return made.id


def _a_document(
    app: Flask, session: Session, ground: Billing, claim: Claim, token: str
) -> dict[str, UUID]:
    practice_id, document_id = ground.practice.id, new_id()
    assert ground.clinician.user_id is not None
    document = Document(
        id=document_id,
        practice_id=practice_id,
        document_key=f"t/{practice_id}/{document_id}",
        kind=DocumentKind.OTHER,
        state=DocumentState.STORED,
        original_name=f"{token}.pdf",
        content_type="application/pdf",
        sha256=hashlib.sha256(BYTES).hexdigest(),
        size=len(BYTES),
        pages=2,
        uploaded_by_id=ground.clinician.user_id,
    )
    session.add(document)
    session.flush()
    link = DocumentLink(practice_id=practice_id, document_id=document_id, claim_id=claim.id)
    session.add(link)
    store = app.extensions[DOCUMENTS]
    store.put(document.document_key, BYTES, sha256=document.sha256)
    image = f"a picture of {token}".encode()
    page = page_row(practice_id, document_id, Picture(1, 10, 10, image, image))
    session.add(page)
    for key in (page.image_key, page.thumbnail_key):
        store.put(key, image, sha256=page.image_sha256)
    keep_words(session, document_id, token, now=NOW)
    return {"document_id": document_id, "document_link_id": link.id}


def _a_batch(session: Session, practice_id: UUID, by_id: UUID | None, token: str) -> UUID:
    batch = IntakeBatch(
        practice_id=practice_id,
        mapping="own",
        state=BatchState.CHECKED,
        by_id=by_id,
        created_at=NOW,
    )
    hold(batch, [BroughtFile(f"{token}.csv", "h/none", "", 1)])
    session.add(batch)
    session.flush()
    return batch.id


def _a_remittance(app: Flask, session: Session, ground: Billing, claim: Claim) -> dict[str, UUID]:
    """A payment with a denied line, an unmatched claim and money taken back."""
    eras.sent(claim)
    check = Check(
        (
            Paid(eras.number_of(session, claim), (Line("155", "0", (("CO", "197", "155"),)),)),
            Paid("0", (Line("155", "90", (("CO", "45", "65"),)),), icn="ICN3"),
            Paid("0", (), charge="15", paid="0", cas=(("CO", "45", "15"),), icn="ICN4"),
        ),
        plb=(("WO", "ICN0", "30"),),
        trace=f"EFT{claim.number}",
        npi=ground.profile.npi or "",
        tax_id=ground.profile.tax_id or "",
    )
    number = f"{claim.number:09}"
    (remittance,) = eras.posted(session, check, isa=number)
    _keep_bytes(app, session, eras.era(check, isa=number))
    denied, unmatched, empty = eras.decided_claims(session, remittance)
    taken_back = session.scalars(
        select(ProviderAdjustment).where(ProviderAdjustment.remittance_id == remittance.id)
    ).one()
    line = next(
        each
        for each in eras.decided_lines(session, remittance)
        if each.remittance_claim_id == denied.id
    )
    return {
        "remittance_id": remittance.id,
        "remittance_claim_id": unmatched.id,
        "empty_id": empty.id,
        "line_id": line.id,
        "adjustment_id": taken_back.id,
    }


def _people_of(session: Session, ground: Billing, name: str) -> dict[str, UUID]:
    """Somebody of the practice, somebody invited to it, and an hour when its glass was broken."""
    member = a_user(session, f"Member {name}")
    joins(session, member, ground.practice, Role.PRACTICE_BILLING)
    email = f"invited.{name}@example.test"
    invited = Invitation(
        email=email,
        email_key=email,
        name=f"Invited {name}",
        role=Role.PRACTICE_BILLING,
        practice_ids=[ground.practice.id],
        invited_by_id=member.id,
        token_hash=hashlib.sha256(email.encode()).digest(),
        expires_at=clock() + timedelta(hours=72),
    )
    broken = BrokenGlass(
        practice_id=ground.practice.id,
        user_id=member.id,
        reason="To answer a call",
        began_at=NOW,
        ends_at=NOW + timedelta(hours=1),
    )
    session.add_all([invited, broken])
    session.flush()
    people = {"user_id": member.id, "invitation_id": invited.id, "glass_id": broken.id}
    return people | _contract_of(session, ground, member, TOKENS[name])


def _contract_of(session: Session, ground: Billing, by: User, token: str) -> dict[str, UUID]:
    """A consent and a disclosure of the client, and a hold on them."""
    practice_id, client_id = ground.practice.id, ground.client.id
    consent = Consent(
        practice_id=practice_id,
        client_id=client_id,
        kind=ConsentKind.TREATMENT_PAYMENT_OPERATIONS,
        signed_on=date(2026, 1, 5),
        by_id=by.id,
    )
    disclosure = Disclosure(
        practice_id=practice_id,
        client_id=client_id,
        disclosed_on=date(2026, 2, 3),
        recipient=f"{token} county",
        what=f"Dates of service of {token}",
        purpose="Asked for by law",
        basis=DisclosureBasis.REQUIRED_BY_LAW,
        by_id=by.id,
    )
    hold = LegalHold(
        practice_id=practice_id,
        kind=HoldKind.CLIENT,
        subject_id=client_id,
        reason="A letter from counsel",
        placed_by_id=by.id,
    )
    session.add_all([consent, disclosure, hold])
    session.flush()
    return {"consent_id": consent.id, "disclosure_id": disclosure.id, "hold_id": hold.id}


def set_aside(app: Flask, session: Session) -> dict[str, UUID]:
    """A payment that nobody's practice is known for, and a file that could not be read."""
    lone = Check((Paid("0", (Line("10", "10"),)),), trace="EFT7", npi="1000000004", tax_id="")
    content = eras.era(lone, isa="000000999")
    (transaction,) = eras.taken_in(session, content)
    _keep_bytes(app, session, content)
    raw = RawFile.of(b"not an ISA")
    file = InboundFile(
        kind=InboundKind.ERA,
        sha256=raw.sha256,
        size=10,
        document_key=raw.key,
        state=InboundState.QUARANTINED,
        received_at=NOW,
    )
    session.add(file)
    session.flush()
    _keep_bytes(app, session, b"not an ISA")
    reply = HouseReply(name="Thank you", body="Thank you, {sender}")
    session.add(reply)
    session.flush()
    return {
        "transaction_id": transaction.id,
        "file_id": file.id,
        "house_reply_id": reply.id,
    }


def _keep_bytes(app: Flask, session: Session, content: bytes) -> None:
    """Put a raw file where its row says it lies."""
    digest = hashlib.sha256(content).hexdigest()
    query = select(InboundFile.document_key).where(InboundFile.sha256 == digest)
    app.extensions[DOCUMENTS].put(session.scalars(query).one(), content, sha256=digest)


def rows_of_a_person(database: Database, user_id: UUID, practice_id: UUID) -> dict[str, UUID]:
    """Make what belongs to one person alone: a mail of a practice, and an act to undo."""
    with database.work(practices=[practice_id], house=True, user_id=user_id) as session:
        mail = _a_mail(session, user_id, practice_id)
        return {
            "mail_id": mail,
            "key": _something_to_undo(session, user_id),
            "factor_id": _an_app(session, user_id),
            "sign_in_id": _another_session(session, user_id),
            "subscription_id": _a_push(session, user_id),
        }


def _an_app(session: Session, user_id: UUID) -> UUID:
    factor = Factor(
        user_id=user_id,
        kind=FactorKind.TOTP,
        name="Phone",
        confirmed_at=NOW,
        secret="JBSWY3DPEHPK3PXP",
    )
    session.add(factor)
    session.flush()
    return factor.id


def _a_push(session: Session, user_id: UUID) -> UUID:
    told = PushSubscription(user_id=user_id, endpoint=f"https://push.example.test/{new_id()}")
    session.add(told)
    session.flush()
    return told.id


def _another_session(session: Session, user_id: UUID) -> UUID:
    now = clock()
    row = SignIn(
        token_hash=secrets.token_bytes(32),
        user_id=user_id,
        level=Level.FULL,
        factor_at=now,
        data={},
        created_at=now,
        last_seen_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def _a_mail(session: Session, user_id: UUID, practice_id: UUID) -> UUID:
    mail = Mail(
        practice_id=practice_id,
        user_id=user_id,
        topic=Topic.CLAIM_STATUS,
        state=MailState.SENT,
        due_at=NOW,
    )
    session.add(mail)
    session.flush()
    return mail.id


def _something_to_undo(session: Session, user_id: UUID) -> UUID:
    key = new_id()
    kept = OnceKey(
        user_id=user_id,
        key=f"undo:{key}",
        asked_hash="set aside",
        answer={"appointments": []},
        created_at=NOW,
    )
    session.add(kept)
    session.flush()
    return key
