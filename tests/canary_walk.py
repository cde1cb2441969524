"""Every feature walked with patients that never were: what the search for leaks looks into."""

import io
import logging
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID, uuid4

import structlog
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from backoffice.config import Settings
from backoffice.gateways import logs
from backoffice.gateways.ack_mailbox import AckMailbox, InMemoryMailbox
from backoffice.gateways.clearinghouse import Clearinghouse, EraListing, InMemoryClearinghouse
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.jobs import Job, ask_for
from backoffice.models.clients import Client
from backoffice.models.documents import Document
from backoffice.models.ledger import Posting, PostingKind
from backoffice.models.messages import Thread
from backoffice.models.outbox import Errand
from backoffice.models.remittances import Remittance
from backoffice.models.submissions import Acknowledgement, Attempt, Submission, SubmissionState
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services import claims
from backoffice.services.practices import note_payee
from backoffice.services.submissions.building import build_files
from backoffice.services.submissions.sending import body_of
from backoffice.web.extensions import DOCUMENTS
from tests.builders import BILLING_NPI, NOW
from tests.canaries import CANARIES, found_in
from tests.pages import BASE, Browser
from tests.services.billing import NO_DELAY
from tests.services.eras import CLEAN, TAX_ID, Check, Line, Paid, era
from tests.services.test_inbound import a_277, said
from tests.talk import Talk
from tests.workers.sending import QUICK
from tests.workers.test_inbound_jobs import a_999
from workers.runtime import Runtime, Task, run
from workers.submissions import transmit

PDF = b"%PDF-1.4\n% " + CANARIES["document_words"].encode() + b"\n%%EOF\n"
OTHER_NPI, OTHER_TAX = b"1245319599", b"987654399"
"""A payee whom nobody here knows: its payment is set aside."""


@dataclass(frozen=True)
class Desk:
    """The stage, and what its sinks took in so far."""

    app: Flask
    talk: Talk
    settings: Settings
    log: io.StringIO
    mail: InMemoryMail
    heard: list[bytes]
    seen: list[str]
    """Addresses and headers of every answer; no body."""

    def biller(self) -> Browser:
        return self._noted(Browser(self.app).sign_in(self.talk.cast.biller))

    def administrator(self) -> Browser:
        return self._noted(Browser(self.app).sign_in(self.talk.cast.administrator))

    def clinician(self) -> Browser:
        return self._noted(Browser(self.app).sign_in(self.talk.cast.clinician))

    def _noted(self, browser: Browser) -> Browser:
        plain = browser.client.open

        def noting(*given: Any, **more: Any) -> Any:
            answer = plain(*given, **more)
            self.seen.append(answer.request.path)
            # the file's own name goes with the file, to whoever may open it
            kept = [each for each in answer.headers if each[0] != "Content-Disposition"]
            self.seen.extend(f"{name}: {value}" for name, value in kept)
            if answer.mimetype == "text/html":
                quoted = answer.text.split('"')
                self.seen.extend(
                    each for each in quoted if each.startswith("/") and "<" not in each
                )
            return answer

        browser.client.open = noting  # type: ignore[method-assign]  # it only listens
        return browser


def walk_the_portal(desk: Desk) -> None:
    """What people do: look, edit, write, upload, take out, search, and mistype."""
    biller, claim = desk.biller(), desk.talk.claim_id
    with desk.talk.work() as session:
        client = session.scalars(select(Client)).one()
    page = f"/clients/{client.id}"
    for path in ("/today", "/claims", f"/claims/{claim}", page, "/unbilled", "/submissions/",
                 "/eras/", "/documents/", "/messages/", "/intake", "/claims/export",
                 "/claims/export?as=xlsx", "/unbilled/export"):  # fmt: skip
        assert biller.get(path).status in {200, 302}, path
    for tab in ("status", "history", "documents", "messages", "remittance"):
        assert biller.get(f"/claims/{claim}?tab={tab}").status == 200
    assert CANARIES["last_name"] in biller.get(page).text
    assert biller.post("/clients", words=CANARIES["search_words"]).status == 200
    filled = ("last_name", "first_name", "street", "city", "phone", "birth_date")
    typed = {name: CANARIES[name] for name in filled} | {
        "state": "ME",
        "zip": "041012345",
        "sex": "F",
    }
    fields = {f"client-{client.id}-{name}": value for name, value in typed.items()}
    assert biller.post(page, version=client.version, **fields).status == 302
    wrong = {f"client-{client.id}-birth_date": CANARIES["intake_wrong_date"]}
    answer = biller.post(page, version=client.version, **wrong)
    assert answer.status in {409, 422}, desk.log.getvalue()[-3000:]
    about = f"/messages/about/{claim}"
    words = {"subject": CANARIES["message_subject"], "body": CANARIES["message_body"]}
    assert biller.post(about, **words).status == 302
    with desk.talk.work() as session:
        thread = session.scalars(select(Thread.id)).one()
    noted = {"body": CANARIES["internal_note"], "internal": "1"}
    assert biller.post(f"/messages/{thread}/reply", **noted).status == 302
    own = desk.clinician()
    assert own.post(f"/messages/{thread}/reply", body=CANARIES["reply_body"]).status == 302
    file = (io.BytesIO(PDF), CANARIES["file_name"] + ".pdf")
    added = {"practice": str(desk.talk.practice_id), "kind": "payer_letter", "file": file}
    assert biller.post("/documents/add", **added).status == 302
    with desk.talk.work() as session:
        document = session.scalars(select(Document.id)).one()
    assert biller.get(f"/documents/{document}").response.data == PDF
    reason = CANARIES["note_reason"]
    gone = desk.administrator().post(f"/documents/{document}/withdraw", reason=reason)
    assert gone.status == 302
    bring_files(desk, biller)


def bring_files(desk: Desk, biller: Browser) -> None:
    """A file with a good row and a refused one, beside one that is named after a patient."""
    rows = (
        "id,last_name,first_name,birth_date\n"
        f"c1,{CANARIES['intake_last_name']},{CANARIES['intake_first_name']},1994-02-11\n"
        f"c2,{CANARIES['intake_last_name']},Sam,{CANARIES['intake_wrong_date']}\n"
    )
    sent = {"mapping": "own", "practice": str(desk.talk.practice_id)}
    other = (io.BytesIO(b"day,name\n2026-12-25,Christmas\n"), CANARIES["file_name"] + ".csv")
    files = [(io.BytesIO(rows.encode()), "clients.csv"), other]
    answer = biller.post("/intake", files=files, **sent)
    assert answer.status == 302, answer.words
    batch = answer.location.removeprefix(BASE)
    work_off(desk)
    assert CANARIES["file_name"] in biller.get(batch).text
    assert biller.post(f"{batch}/commit").status == 302
    work_off(desk)
    assert biller.get(f"{batch}/refused").status == 200


def runtime_of(
    desk: Desk, clearinghouse: Clearinghouse | None = None, mailbox: AckMailbox | None = None
) -> Runtime:
    """A worker's runtime over the same database, documents and mailbox of mails.

    Without a clearinghouse it meets one that breaks with a patient in its words.
    """
    return Runtime(
        settings=desk.talk.database.reached_by(desk.settings),
        engine=desk.talk.database.engine,
        factory=desk.talk.factory,
        documents=cast(InMemoryDocuments, desk.app.extensions[DOCUMENTS]),
        mail=desk.mail,
        mailbox=mailbox,
        clearinghouse_of=lambda account: clearinghouse or _crashing(account),
    )


def _crashing(_account: object) -> Any:
    raise ValueError(CANARIES["crash_words"])


def work_off(desk: Desk, runtime: Runtime | None = None) -> None:
    """Run what waits as a worker would, whatever becomes of it."""
    runtime = runtime or runtime_of(desk)
    with runtime.work(None) as session:
        waiting = session.execute(select(Errand.id, Errand.job).where(Errand.done_at.is_(None)))
        found = [(errand_id, job) for errand_id, job in waiting]
    for errand_id, job in found:
        module, _, name = job.rpartition(".")
        shell = getattr(__import__(module, fromlist=[name]), name)
        run(shell.__wrapped__, errand_id, runtime)


def send(desk: Desk) -> UUID:
    """A claim goes into a file whose first sending crashes; returns the file's id."""
    with desk.talk.work() as session:
        claim = desk.talk.claim(session)
        found = claims.release(session, claim, by=None, now=NOW, delay=NO_DELAY)
        assert claim.status is ClaimStatus.QUEUED, found
        (file,) = build_files(session, desk.talk.practice_id, now=NOW)
    work_off(desk)
    with desk.talk.work() as session:
        sent = session.get_one(Submission, (desk.talk.practice_id, file.id))
        assert sent.state is SubmissionState.PENDING, "the crash kept it here"
        assert CANARIES["last_name"].upper().encode() in body_of(sent), "on its way as it should"
    return file.id


def be_answered_and_paid(desk: Desk, file_id: UUID) -> None:
    """The file leaves; a 999, a 277CA, a response and two 835 come back and are worked off."""
    house, box = InMemoryClearinghouse(), InMemoryMailbox()
    runtime = runtime_of(desk, house, box)
    while transmit(Task(uuid4(), desk.talk.practice_id, file_id, "", 0), runtime, terms=QUICK):
        continue
    with desk.talk.database.work(practices=[desk.talk.practice_id], house=True) as session:
        note_payee(session, desk.talk.billing.profile)
        number = session.scalars(select(Attempt.patient_control_number)).one()
        file = session.get_one(Submission, (desk.talk.practice_id, file_id))
        ask_for(
            session,
            Job.POLL_CLEARINGHOUSE,
            subject_id=desk.talk.billing.account.id,
            practice_id=None,
            due_at=NOW,
            turn="1",
        )
    box.files["ack.999"] = a_999(file.interchange_number, "A")
    box.files["ack.277"] = _of_the_canary(a_277(number, "A2", "WQ")).replace(
        b"*WQ*155", b"*WQ*155********" + CANARIES["payer_words"].encode()
    )
    row = said(number, 1, "A", "A2")
    words = replace(row.messages[0], words=CANARIES["payer_words"])
    house.says(replace(row, messages=(words,)))
    house.offers(_an_era(number), EraListing("1", "NSH01", "", "", None, None, {}))
    stranger = _an_era("NOTOURS1", isa="000000002").replace(b"QUILLFEATHER", b"DUSKBERRY")
    stranger = stranger.replace(BILLING_NPI.encode(), OTHER_NPI).replace(TAX_ID.encode(), OTHER_TAX)
    house.offers(
        stranger.replace(CANARIES["member_id"].encode(), CANARIES["era_member_id"].encode()),
        EraListing("2", "NSH01", "", "", None, None, {}),
    )
    for _ in range(4):
        work_off(desk, runtime)
    with desk.talk.work() as session:
        assert desk.talk.claim(session).status is ClaimStatus.PAID
        codes = set(session.scalars(select(Acknowledgement.code)))
        posted = session.scalars(select(Posting.kind)).all()
    assert "A" in codes, "the 999 was taken in"
    assert PostingKind.REMITTANCE_LINE in posted
    assert box.files == {}


def _an_era(number: str, isa: str = "000000001") -> bytes:
    paid = Paid(number, (Line("155", "80", CLEAN),))
    trace = CANARIES["era_trace"] + isa[-1]
    moved = (("WO", CANARIES["era_reference"], "5"),)
    return _of_the_canary(era(Check((paid,), trace=trace, plb=moved), isa=isa))


def _of_the_canary(content: bytes) -> bytes:
    """An answer that tells of the walk's client."""
    named = f"*{CANARIES['last_name']}*{CANARIES['first_name']}".upper().encode()
    own = content.replace(b"*SAMPLE*AVERY", named)
    return own.replace(b"NSH88120477", CANARIES["member_id"].encode())


def look_at_what_came(desk: Desk) -> None:
    """The pages of what came back, for those who may: files, payments, the claim's every tab."""
    biller, administrator = desk.biller(), desk.administrator()
    with desk.talk.database.work(practices=[desk.talk.practice_id], house=True) as session:
        remittances = session.scalars(select(Remittance.id)).all()
    claim = f"/claims/{desk.talk.claim_id}"
    tabs = [f"{claim}?tab={tab}" for tab in ("status", "history", "remittance")]
    own = [f"/eras/{each}{raw}" for each in remittances for raw in ("", "/raw")]
    for path in (*tabs, *own, "/eras/", "/submissions/", "/today", "/claims"):
        assert biller.get(path).status == 200, path
    assert CANARIES["payer_words"] in biller.get(tabs[0]).text
    assert "Northstar" in administrator.get("/eras/set-aside").text, "a stranger's waits"
    assert len(own) == 2


def provoke_errors(desk: Desk) -> None:
    """What goes wrong: duplicates, wrong types, wrong addresses, a fault in a view."""
    biller = desk.biller()
    strange = quote(CANARIES["address_words"])
    nowhere = [f"/claims?payer={strange}", f"/{strange}", f"/claims/{strange}"]
    for path in nowhere:
        assert biller.client.get(
            path, base_url=BASE, headers={"Referer": f"{BASE}/{CANARIES['header_words']}"}
        ).status_code in {200, 404}
    del desk.seen[:]  # what was typed as an address comes back as one: the person's own words
    statement, told = "SELECT CAST(:words AS date)", list[str]()
    for words in (CANARIES["birth_date_words"] + "x", CANARIES["ssn_dashed"]):
        try:
            with desk.talk.work() as session:
                session.execute(text(statement), {"words": words})
        except SQLAlchemyError as problem:
            structlog.get_logger().error("fault", **logs.what_broke(problem))
            logging.getLogger("library").exception("It broke for %s", words)
            told.append(str(problem))
    assert len(told) == 2
    assert not found_in("".join(told))
    views = cast(dict[str, Any], desk.app.view_functions)

    def broken(**_: object) -> str:
        raise ValueError(CANARIES["crash_words"])

    broken.permission = views["today.show"].permission  # type: ignore[attr-defined]  # as the door reads it
    views["today.show"] = broken
    answer = biller.get("/today")
    assert answer.status == 500
    assert not found_in(answer.text)
