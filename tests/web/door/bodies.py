"""What each unsafe route is sent: the least that it takes, with ids of one side in it."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from tests.web.door.sides import BYTES, SHARED, Side, World

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Nobody:
    """Stands for rows that do not exist: a fresh id for every argument."""

    name = "absent"
    token = "nobodyatall"
    words: Mapping[str, str]
    ids: Mapping[str, UUID]

    @classmethod
    def like(cls, world: World) -> "Nobody":
        """As many ids as the world has, all of rows that are not there."""
        names = [*world.away.ids, *world.house]
        return cls({"claim": "C-99999999"}, {name: uuid4() for name in names})

    def beside(self, side: Side) -> "Nobody":
        """The same, in a side's own practice: only the rows of its client are not there."""
        return replace(self, ids={**self.ids, **{name: side.ids[name] for name in SHARED}})


Rows = Side | Nobody


def _nothing(_: Rows) -> Body:
    return {}


def _edit(rows: Rows) -> Body:
    return {
        "version": "1",
        "served_on": "2026-11-04",
        "place_of_service": "11",
        "clinician_id": str(rows.ids["clinician_id"]),
        "facility_id": str(rows.ids["facility_id"]),
        "diagnosis_codes": "F41.1",
        "note_signed": "y",
        "lines-0-procedure_code": "90837",
        "lines-0-units": "1",
        "lines-0-charge_amount": "155.00",
    }


def _client(rows: Rows) -> Body:
    prefix = f"client-{rows.ids['client_id']}"
    typed = {
        "first_name": "Avery", "last_name": rows.token, "birth_date": "02/11/1994", "sex": "F",
        "street": "5 Elm Street", "city": "Portland", "state": "ME", "zip": "041012345",
        "phone": "2075550177", "billing_type": "insurance",
    }  # fmt: skip
    return {"version": "1"} | {f"{prefix}-{name}": value for name, value in typed.items()}


def _policy(rows: Rows) -> Body:
    prefix = f"policy-{rows.ids['policy_id']}"
    typed = {"member_id": "ABC1234567", "relationship_code": "18", "payer_order": "P"}
    return {"version": "1"} | {f"{prefix}-{name}": value for name, value in typed.items()}


def _document(rows: Rows) -> Body:
    return {
        "practice": str(rows.ids["practice_id"]),
        "kind": "other",
        "claim": rows.words["claim"],
        "file": (io.BytesIO(BYTES), "letter.pdf"),
    }


def _reason(_: Rows) -> Body:
    return {"reason": "payer_asks"}


def _invitation() -> dict[str, Any]:
    email = f"{uuid4().hex}@example.test"
    return {"email": email, "name": "New Person", "role": "practice_billing"}


def _reply(rows: Rows) -> Body:
    practice = str(rows.ids["practice_id"])
    return {"practice": practice, "name": "Thanks", "body": "Thank you, {sender}"}


def _files(rows: Rows) -> Body:
    content = io.BytesIO(b"id,last_name,first_name\nc1,Sample,Avery\n")
    return {
        "mapping": "own",
        "practice": str(rows.ids["practice_id"]),
        "files": (content, "clients.csv"),
    }


BODIES: Mapping[str, Callable[[Rows], Body]] = {
    "account.change_password": lambda _: {
        "old_password": "not the password",
        "new_password": "several unrelated words here",
    },
    "account.end_one": _nothing,
    "account.end_others": _nothing,
    "account.remove": _nothing,
    "account.rename": lambda _: {"name": "My phone"},
    "account.renew_codes": _nothing,
    "account.stay": _nothing,
    "accounts.factor": lambda _: {"code": "000000"},
    "accounts.step_up": lambda _: {"code": "000000"},
    "accounts.sign_in": lambda _: {"email": "nobody@example.test", "password": "not the password"},
    "accounts.sign_out": _nothing,
    "appointments.bill": lambda rows: {"appointment": str(rows.ids["billable_id"]), "key": "once"},
    "appointments.dry_run": lambda rows: {"appointment": str(rows.ids["billable_id"])},
    "appointments.edit": _edit,
    "appointments.set_aside": lambda rows: {
        "appointment": str(rows.ids["billable_id"]),
        "disposition": "self_pay",
    },
    "appointments.supply": lambda rows: {
        "finding": str(rows.ids["finding_id"]),
        "diagnosis_codes": "F41.1",
    },
    "appointments.undo": _nothing,
    "claims.act": _nothing,
    "claims.reviewed": _nothing,
    "clients.add_authorization": _nothing,
    "clients.add_policy": _nothing,
    "clients.index": lambda rows: {"q": rows.token},
    "clients.save": _client,
    "clients.save_authorization": lambda rows: {
        f"authorization-{rows.ids['authorization_id']}-number": "A1"
    },
    "clients.save_policy": _policy,
    "clients.withdraw_policy": lambda _: {"reason": "Entered twice"},
    "compliance.agree": lambda _: {"begins_on": "2020-01-01", "note": "In the cabinet"},
    "compliance.hold": lambda _: {"reason": "A letter from counsel"},
    "compliance.leave": lambda _: {"leaves_on": "2099-01-01", "basis": "retention"},
    "compliance.lift": _nothing,
    "compliance.stay": _nothing,
    "disclosures.add": lambda _: {
        "disclosed_on": "2026-02-03",
        "recipient": "A county office",
        "what": "Dates of service",
        "purpose": "Asked for by law",
        "basis": "required_by_law",
    },
    "disclosures.flag": _nothing,
    "disclosures.revoke": lambda _: {"revoked_on": "2026-03-01"},
    "disclosures.sign": lambda _: {
        "kind": "treatment_payment_operations",
        "signed_on": "2026-01-05",
    },
    "disclosures.withdraw": lambda _: {"reason": "Written down twice"},
    "documents.add": _document,
    "documents.find": lambda rows: {"words": rows.token},
    "documents.withdraw": lambda _: {"reason": "The wrong page"},
    "enrolling.add_app": lambda _: {"code": "000000"},
    "enrolling.add_passkey": _nothing,
    "filing.file": lambda _: {"status": "filed", "kind": "other", "note": ""},
    "filing.link": lambda rows: {"beside": "client", "row": str(rows.ids["client_id"])},
    "filing.sort": lambda rows: {"documents": str(rows.ids["document_id"]), "status": "filed"},
    "filing.split": lambda _: {"lots": "1; 2"},
    "filing.turn": lambda _: {"degrees": "90"},
    "filing.unlink": lambda rows: {"link": str(rows.ids["document_link_id"])},
    "first_words.keep": lambda rows: {
        "about": "claim_id",
        "row": str(rows.ids["claim_id"]),
        "body": "Half a word",
    },
    "glass.break_it": lambda rows: {
        "practice": str(rows.ids["practice_id"]),
        "reason": "The practice called",
    },
    "glass.end": _nothing,
    "glass.reviewed": lambda _: {"words": "Nothing to add"},
    "identifiers.member_id": _reason,
    "identifiers.ssn": _reason,
    "identifiers.tax_id": _reason,
    "importing.era": _nothing,
    "identifiers.trace_number": _reason,
    "intake.commit": _nothing,
    "intake.index": _files,
    "links.change_email": lambda _: {"email": f"{uuid4().hex}@example.test"},
    "links.forgot": lambda _: {"email": "nobody@example.test"},
    "links.follow": lambda _: {"password": "a long enough one", "again": "a long enough one"},
    "mails.write_again": _nothing,
    "messages.draft": lambda _: {"body": "Half a word"},
    "messages.read": _nothing,
    "messages.reply": lambda _: {"body": "Thank you"},
    "messages.settle": lambda _: {"state": "waiting_on_payer"},
    "messages.start": lambda _: {"subject": "A question", "body": "About this claim"},
    "notices.save": lambda _: {"digest_hour": "7"},
    "own_people.invite": lambda _: _invitation(),
    "own_people.messages": lambda _: {"on": "1"},
    "own_people.messages_of": lambda _: {"on": "1"},
    "own_people.resend": _nothing,
    "own_people.revoke": _nothing,
    "own_people.seat": lambda _: {"role": "practice_billing"},
    "payers.reports": _nothing,
    "people.assign": lambda rows: {"role": "biller", "practices": str(rows.ids["practice_id"])},
    "people.disable": _nothing,
    "people.enable": _nothing,
    "people.end_sessions": _nothing,
    "people.house_role": lambda _: {"role": "auditor"},
    "people.invite": lambda rows: _invitation() | {"practices": str(rows.ids["practice_id"])},
    "people.readdress": lambda _: {"email": "elsewhere@example.test"},
    "people.remove_factors": _nothing,
    "people.resend": _nothing,
    "people.revoke": _nothing,
    "people.seat": lambda _: {"role": "practice_billing"},
    "promises.edit": lambda _: {"hours": "4", "opens_at": "09:00", "closes_at": "17:00"},
    "presence.say": lambda _: {"doing": "here"},
    "push.start": lambda _: {"endpoint": "http://127.0.0.1:9/push"},
    "push.stop": lambda _: {"endpoint": "http://127.0.0.1:9/push"},
    "push.stop_one": _nothing,
    "remittances.accept": _nothing,
    "remittances.attribute": lambda rows: {"practice_id": str(rows.ids["practice_id"])},
    "remittances.decide": lambda _: {"outcome": "keep"},
    "remittances.hold": _nothing,
    "remittances.match": lambda rows: {"claim_id": str(rows.ids["claim_id"])},
    "remittances.note": _nothing,
    "remittances.place": lambda _: {"at": "recoupment"},
    "remittances.post": _nothing,
    "remittances.unpost": _nothing,
    "said.edit": lambda _: {"body": "Said otherwise", "version": "1"},
    "said.withdraw": lambda _: {"reason": "A slip"},
    "replies.add": _reply,
    "replies.edit": _reply,
    "replies.edit_house": _reply,
    "replies.shipped": lambda _: {"hide": "Insurance card"},
    "replies.withdraw": _nothing,
    "replies.withdraw_house": _nothing,
    "submissions.mark_sent": _nothing,
    "submissions.send_again": _nothing,
    "switches.of_person": lambda _: {"on": "1"},
    "switches.of_practice": lambda _: {"on": "1"},
    "tasks.done": _nothing,
    "tasks.give": _nothing,
    "tasks.reopen": _nothing,
    "thread_work.find": lambda rows: {"q": rows.token},
    "thread_work.follow_up": lambda _: {"title": "Call them"},
    "thread_work.give": _nothing,
    "thread_work.snooze": lambda _: {"sleep": "tomorrow"},
    "thread_work.wake": _nothing,
}
"""By endpoint. A body that differs from one side to another is also sent with swapped ids."""

OTHER_ROWS = {
    "claims.act": {"claim_id": "prepared_id"},
    "remittances.note": {"remittance_claim_id": "empty_id"},
}
"""Where a route needs another row of the side than its argument's first."""
