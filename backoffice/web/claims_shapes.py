"""One claim in the shapes its templates read: clocks, steps, what it says, what was answered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from itertools import groupby
from typing import Any

from flask import url_for

from backoffice.models.claims import ClaimStep, StepSource
from backoffice.rules.claim_facts import AddressFacts, BillingFacts, Frequency, ProviderFacts
from backoffice.rules.claim_status import RANK, ClaimEvent, ClaimStatus
from backoffice.rules.icd10 import with_dot
from backoffice.services.claim_pages.record import Record, Said, Tried
from backoffice.services.claims import Action, Choice
from backoffice.web.extensions import clock
from backoffice.web.filters import label, left
from backoffice.web.frame import way
from backoffice.web.looks import STATUS_LOOKS, Look

ACTS: Mapping[Action, tuple[str, str]] = {
    Action.RELEASE: ("Submit", "r"),
    Action.RECALL: ("Take back", "z"),
    Action.HOLD: ("Hold", "h"),
    Action.REOPEN: ("Reopen for edits", "e"),
}
FREQUENCIES: Mapping[Frequency, str] = {
    Frequency.ORIGINAL: "Original, 1",
    Frequency.REPLACEMENT: "Replacement, 7",
    Frequency.VOID: "Void, 8",
}
SOURCES: Mapping[StepSource, str] = {
    StepSource.PERSON: "By hand",
    StepSource.RULE: "Rule",
    StepSource.SENDING: "Sending",
    StepSource.RESPONSE: "Clearinghouse",
    StepSource.ACKNOWLEDGEMENT: "Acknowledgement",
    StepSource.REMITTANCE: "ERA",
}
EVENTS: Mapping[ClaimEvent, str] = {
    ClaimEvent.CREATED: "made this claim",
    ClaimEvent.RELEASED: "submitted it",
    ClaimEvent.RECALLED: "took it back",
    ClaimEvent.HELD: "held it",
    ClaimEvent.SCRUB_FAILED: "Our own check stopped it",
    ClaimEvent.CORRECTED: "corrected it",
    ClaimEvent.TRANSMITTED: "The file left for the clearinghouse",
    ClaimEvent.INFORMATION_SUPPLIED: "supplied what the payer asked for",
    ClaimEvent.DOWNLOADED: "downloaded it as a file",
    ClaimEvent.SUBMITTED_EXTERNALLY: "marked it as sent outside",
    ClaimEvent.REOPENED: "reopened it for edits",
    ClaimEvent.VOIDED: "voided it",
    ClaimEvent.ACKNOWLEDGED_BY_CLEARINGHOUSE: "The clearinghouse has it",
    ClaimEvent.RECEIVED_BY_PAYER: "The payer has it",
    ClaimEvent.ACCEPTED: "The payer took it into adjudication",
    ClaimEvent.PENDING_AT_PAYER: "The payer is looking into it",
    ClaimEvent.MORE_INFO_REQUIRED: "The payer asks for more information",
    ClaimEvent.REJECTED: "It came back unread",
    ClaimEvent.DENIED: "The payer decided not to pay",
    ClaimEvent.APPLIED_TO_DEDUCTIBLE: "The payer left it to the client",
    ClaimEvent.PAID: "The payer paid",
    ClaimEvent.REVERSED: "The payer took its decision back",
}
_KEPT = Look("history", "mute")


def clocks(found: Record) -> list[dict[str, Any]]:
    """Return the deadlines that run, and the end of the undo window while it is open."""
    claim = found.claim
    rows: list[dict[str, Any]] = []
    if claim.status is ClaimStatus.QUEUED and claim.release_at:
        due = claim.release_at <= clock()
        rows.append(
            {"label": "Leaves", "words": "now"}
            if due
            else {"label": "Leaves in", "words": left(claim.release_at)}
        )
    taken = RANK[claim.status] >= RANK[ClaimStatus.RECEIVED]
    if taken and claim.status not in {ClaimStatus.REJECTED, ClaimStatus.VOIDED}:
        rows.append({"label": "Filing", "words": "Met", "glyph": "check", "tone": "ok"})
    elif claim.filing_deadline_on:
        rows.append({"label": "Filing", "due": claim.filing_deadline_on, "glyph": "clock"})
    rows += [
        {"label": name, "due": day, "glyph": "clock"}
        for name, day in (
            ("Corrected claim", claim.corrected_deadline_on),
            ("Appeal", claim.appeal_deadline_on),
        )
        if day
    ]
    return rows


def status_note(found: Record) -> str:
    """Return how many lines were denied, where not all of them were."""
    denied, lines = found.claim.denied_lines, len(found.claim.lines)
    return f"{denied} of {lines} lines" if 0 < denied < lines else ""


def steps_offered(
    found: Record, choices: Iterable[Choice]
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return the step put forward, and the others."""
    offered = [(choice, _step(found, choice.action)) for choice in choices]
    following = next((step for choice, step in offered if choice.is_next), None)
    return following, [step for choice, step in offered if not choice.is_next]


def _step(found: Record, action: Action) -> dict[str, Any]:
    words, key = ACTS[action]
    url = url_for("claims.act", claim_id=found.claim.id, action=action.value)
    return {"words": words, "url": url, "key": key, "dialog": None}


def rail(found: Record) -> dict[str, Any]:
    """Return what stands beside the claim: the practice's playbook, policy, authorization."""
    claim, policy = found.claim, found.claim.policy
    insured = f"{policy.insured_first_name} {policy.insured_last_name}".strip()
    playbook = found.practice.playbook
    return {
        "playbook": {"title": "Playbook", "words": playbook, "steps": []} if playbook else None,
        "policy": {
            "plan": policy.group_name or claim.payer.name,
            "id": policy.id,
            "member_id": policy.member_id,
            "group_number": policy.group_number,
            "insured": insured or "Self",
            "effective_from": policy.effective_from,
            "effective_to": policy.effective_to,
        },
        "authorization": _authorization(found),
    }


def _authorization(found: Record) -> dict[str, Any] | None:
    row = found.claim.authorization
    if row is None:
        return None
    allowed = row.uses_allowed
    return {
        "number": row.number,
        "uses_spent": row.uses_spent,
        "uses_allowed": allowed,
        "percent": min(100, round(100 * row.uses_spent / allowed)) if allowed else None,
        "tone": "warn" if allowed and row.uses_spent >= allowed else "ok",
        "first_day": row.first_day,
        "last_day": row.last_day,
    }


def details(said: Said, *, tax_id: str) -> dict[str, Any]:
    """Return what the claim says, party by party; the tax ID as far as its reader sees it."""
    facts = said.facts
    facility = facts.facility
    return {
        "diagnoses": [(with_dot(code), "") for code in facts.diagnoses],
        "billing": _billing(facts.billing, tax_id),
        "rendering": _provider(facts.rendering) if facts.rendering else [],
        "facility": [
            ("Name", facility.name),
            ("NPI", facility.npi),
            ("Address", _address(facility.address)),
        ]
        if facility
        else [],
        "pay_to": [("Address", _address(facts.billing.pay_to))] if facts.billing.pay_to else [],
        "frozen_at": said.frozen_at,
    }


def _billing(billing: BillingFacts, tax_id: str) -> list[tuple[str, str]]:
    return [
        ("Name", f"{billing.first_name} {billing.last_or_organization_name}".strip()),
        ("NPI", billing.npi),
        (label(billing.tax_id_kind), tax_id),
        ("Taxonomy", billing.taxonomy),
        ("Address", _address(billing.address)),
    ]


def _provider(provider: ProviderFacts) -> list[tuple[str, str]]:
    return [
        ("Name", f"{provider.first_name} {provider.last_or_organization_name}".strip()),
        ("NPI", provider.npi),
        ("Taxonomy", provider.taxonomy),
    ]


def _address(address: AddressFacts | None) -> str:
    if address is None:
        return ""
    parts = (address.line1, address.line2, f"{address.city}, {address.state} {address.zip[:5]}")
    return ", ".join(part for part in parts if part.strip(", "))


def answers_by_day(steps: Sequence[ClaimStep], zone: tzinfo) -> list[dict[str, Any]]:
    """Return answers grouped by the reader's days, the newest first."""
    return [
        {"day": day, "answers": [_answer(step) for step in group]}
        for day, group in _newest_by_day(steps, zone)
    ]


def _answer(step: ClaimStep) -> dict[str, Any]:
    look = _look(step)
    return {
        "at": step.at,
        "glyph": look.glyph,
        "tone": look.tone,
        "words": EVENTS[step.event],
        "code": SOURCES[step.source],
        "raw": step.words,
        "moved": step.moved,
    }


def history_by_day(found: Record, zone: tzinfo) -> list[dict[str, Any]]:
    """Return every step grouped by the reader's days, the newest first."""
    return [
        {"day": day, "entries": [_entry(step, found) for step in group]}
        for day, group in _newest_by_day(found.steps, zone)
    ]


def _entry(step: ClaimStep, found: Record) -> dict[str, Any]:
    look = _look(step)
    person = found.people.get(step.by_id) if step.by_id else None
    return {
        "at": step.at,
        "glyph": look.glyph,
        "tone": look.tone,
        "who": person.name if person else "",
        "words": _sentence(step, found),
        "by": SOURCES[step.source],
    }


def _newest_by_day(
    steps: Sequence[ClaimStep], zone: tzinfo
) -> Iterator[tuple[date, Iterator[ClaimStep]]]:
    return groupby(reversed(steps), key=lambda step: step.at.astimezone(zone).date())


def _sentence(step: ClaimStep, found: Record) -> str:
    words = EVENTS[step.event]
    if step.by_id not in found.people:
        words = words[:1].upper() + words[1:]
    if step.moved and step.from_status:
        return f"{words}: {label(step.from_status)} \u2192 {label(step.to_status)}"
    return words if step.moved else f"{words}; kept, changed nothing"


def _look(step: ClaimStep) -> Look:
    return STATUS_LOOKS[step.to_status] if step.moved else _KEPT


def tried(found: Record) -> list[dict[str, Any]]:
    """Return the attempts, the newest first, each with the way to the file it is in."""
    return [_tried(found, each) for each in found.tried]


def _tried(found: Record, each: Tried) -> dict[str, Any]:
    attempt = each.attempt
    return {
        "id": attempt.id,
        "attempt_no": attempt.attempt_no,
        "frequency": FREQUENCIES[attempt.frequency],
        "sent_at": attempt.sent_at,
        "by": each.released_by,
        "patient_control_number": attempt.patient_control_number,
        "clearinghouse_number": attempt.clearinghouse_number,
        "payer_number": attempt.payer_number,
        "status": each.status.value,
        "answer": each.answer,
        "file_url": way("claims.file", claim_id=found.claim.id, attempt_no=attempt.attempt_no)
        if attempt.submission_id
        else None,
    }
