"""The tabs of a claim's page: what each of them reads, asked only when it is shown."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort
from sqlalchemy.orm import Session

from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import time_zone
from backoffice.rules.roles import Identifier, Permission
from backoffice.services.accounts import Person
from backoffice.services.claim_pages import beside
from backoffice.services.claim_pages.record import Record, said
from backoffice.services.identifiers import as_shown
from backoffice.services.remittances.lists import of_claim
from backoffice.web import claims_shapes as shapes
from backoffice.web.frame import way

Tab = Callable[[Session, Record, Person], dict[str, Any]]


def sees_remittances(found: Record, person: Person) -> bool:
    """Whether the tab with what payers decided is this person's to see."""
    return person.may_in(found.claim.practice_id, Permission.SEE_REMITTANCES)


def counts_of_tabs(session: Session, found: Record, person: Person) -> dict[str, int]:
    """Return how much each tab holds that this person may see."""
    money = sees_remittances(found, person)
    return {
        **({"remittance": len(of_claim(session, found.claim.id))} if money else {}),
        "history": len(found.steps),
        "messages": len(beside.threads_about(session, found.claim, person)),
        "documents": len(beside.documents_of(session, found.claim)),
    }


def _details(session: Session, found: Record, person: Person) -> dict[str, Any]:
    stopped = found.claim.status is ClaimStatus.SCRUB
    findings = [
        {
            "words": finding["words"],
            "how": finding["fix"],
            "field": finding["field"],
            "href": way("clients.show", client_id=found.claim.client_id),
        }
        for finding in (found.claim.scrub_findings if stopped else ())
    ]
    says = said(session, found)
    tax_id = as_shown(says.facts.billing.tax_id, person, found.claim.practice_id, Identifier.TAX_ID)
    return {"findings": findings, **shapes.details(says, tax_id=tax_id)}


def _status(session: Session, found: Record, person: Person) -> dict[str, Any]:
    return {"days": shapes.answers_by_day(found.answers, time_zone(person.time_zone))}


def _remittance(session: Session, found: Record, person: Person) -> dict[str, Any]:
    if not sees_remittances(found, person):
        abort(403)
    return {"remittances": of_claim(session, found.claim.id)}


def _history(session: Session, found: Record, person: Person) -> dict[str, Any]:
    return {
        "attempts": shapes.tried(found),
        "days": shapes.history_by_day(found, time_zone(person.time_zone)),
    }


def _messages(session: Session, found: Record, person: Person) -> dict[str, Any]:
    return {"threads": beside.threads_about(session, found.claim, person)}


def _documents(session: Session, found: Record, person: Person) -> dict[str, Any]:
    return {"documents": beside.documents_of(session, found.claim)}


TABS: Mapping[str, Tab] = {
    "details": _details,
    "status": _status,
    "remittance": _remittance,
    "history": _history,
    "messages": _messages,
    "documents": _documents,
}
"""What each tab's template, claims/tab_<tab>.html, reads."""
