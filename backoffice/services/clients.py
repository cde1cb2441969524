"""Clients with their policies and authorizations: found, shown, and changed as typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Payer
from backoffice.models.practices import Practice
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.readiness import Readiness, Subject
from backoffice.services import audit, supplying, typed_values, unbilled
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.refusal import ChangedElsewhere
from backoffice.services.typed_values import Blank, WrongValue
from backoffice.services.unbilled.missing import Blocks, Lack, blocked_by, lacks_on

MOST_FOUND = 50
NEWEST = 50
Row = Client | Policy | Authorization


def _blanks(*keys: tuple[Subject, str]) -> tuple[Blank, ...]:
    return tuple(blank for key in keys for blank in supplying.FIELDS[key])


_CLIENT, _POLICY, _AUTHORIZATION = Subject.CLIENT, Subject.POLICY, Subject.AUTHORIZATION

PERSON: Sequence[Blank] = (
    *_blanks(
        (_CLIENT, "first_name"), (_CLIENT, "last_name"), (_CLIENT, "birth_date"),
        (_CLIENT, "sex"), (_CLIENT, "address"), (_CLIENT, "phone"),
    ),
    Blank("street2", "Apartment, unit", typed_values.text),
    Blank("middle_name", "Middle name", typed_values.text),
    Blank("suffix", "Suffix", typed_values.text),
    Blank(
        "billing_type", "Sessions are paid by", typed_values.billing_type,
        options=typed_values.BILLING_TYPES,
    ),
)  # fmt: skip
"""What may be typed about a client in person."""

POLICY: Sequence[Blank] = (
    *_blanks(
        (_POLICY, "member_id"), (_POLICY, "relationship"), (_POLICY, "insured.name"),
        (_POLICY, "insured.birth_date"), (_POLICY, "insured.sex"), (_POLICY, "insured.address"),
        (_POLICY, "last_day"), (_POLICY, "insurance_type"),
    ),
    Blank("group_number", "Group number", typed_values.text, kind="id"),
    Blank("group_name", "Group name", typed_values.text),
    Blank(
        "payer_order", "Payer order", typed_values.payer_order, options=typed_values.PAYER_ORDERS
    ),
    Blank("payer_id", "Payer", typed_values.row_id, kind="choice"),
)  # fmt: skip
"""What may be typed about a policy; the payer is chosen by id."""

AUTHORIZATION: Sequence[Blank] = _blanks(
    (_AUTHORIZATION, "number"), (_AUTHORIZATION, "uses_allowed"), (_AUTHORIZATION, "last_day")
)
"""What may be typed about an authorization."""

BLANKS: Mapping[Subject, Sequence[Blank]] = {
    Subject.CLIENT: PERSON,
    Subject.POLICY: POLICY,
    Subject.AUTHORIZATION: AUTHORIZATION,
}


@dataclass(frozen=True)
class Visit:
    """One appointment as the client's page lists it, with the claim it stands on."""

    id: UUID
    served_on: date
    clinician_name: str
    charge_amount: Decimal
    readiness: Readiness
    missing_count: int
    held_for: str | None
    unbilled: bool
    claim: Claim | None


@dataclass(frozen=True)
class Record:
    """Everything the client's page shows."""

    client: Client
    practice: Practice
    policies: Sequence[Policy]
    authorizations: Sequence[Authorization]
    appointments: Sequence[Visit]
    lacks: Sequence[Lack]
    blocks: Blocks


def found(session: Session, words: str) -> Sequence[Client]:
    """Return at most MOST_FOUND clients of whose name each word begins a part.

    Those whose last name begins with the first word come first. The words are looked for by the
    database role `search`; what it returns are ids, and rows are loaded as all others.
    """
    parts = words.lower().replace(",", " ").split()
    if not parts:
        return []
    ids = session.scalars(
        select(
            func.clients_found(parts, MOST_FOUND)
            .table_valued("practice_id", "client_id")
            .c.client_id
        )
    ).all()
    rows = {
        row.id: row for row in session.scalars(visible(session, Client).where(Client.id.in_(ids)))
    }
    return [rows[each] for each in ids if each in rows]


def record(session: Session, client_id: UUID, *, person: Person) -> Record:
    """Return a client's record and note that it was read."""
    client = one(session, Client, client_id)
    practice_id = client.practice_id
    policies = session.scalars(
        visible(session, Policy)
        .where(Policy.client_id == client_id, Policy.withdrawn_at.is_(None))
        .options(selectinload(Policy.payer))
        .order_by(Policy.payer_order, Policy.effective_from.desc())
    ).all()
    authorizations = session.scalars(
        visible(session, Authorization)
        .where(Authorization.client_id == client_id)
        .order_by(Authorization.active.desc(), Authorization.first_day.desc())
    ).all()
    subjects = [client_id, *(row.id for row in policies), *(row.id for row in authorizations)]
    lacks = lacks_on(session, practice_id, subjects, person)
    audit.read(session, "client", [client_id], practice_id=practice_id)
    return Record(
        client=client,
        practice=session.get_one(Practice, practice_id),
        policies=policies,
        authorizations=authorizations,
        appointments=_appointments(session, client),
        lacks=lacks,
        blocks=blocked_by(session, practice_id, lacks),
    )


def save(
    session: Session,
    kind: Subject,
    row_id: UUID,
    values: Mapping[str, str],
    *,
    version: int | None,
    now: datetime,
) -> Row:
    """Write a client, policy or authorization as typed, and judge what rests on it.

    `version` is the one that was opened (an authorization has none). Raises WrongValues or
    ChangedElsewhere; then nothing is written.
    """
    row: Row = _one(session, kind, row_id)
    unbilled.take_turn(session, row.practice_id)
    session.refresh(row, with_for_update=True)
    if version is not None and getattr(row, "version", version) != version:
        raise ChangedElsewhere
    changed = supplying.fill(session, row, BLANKS[kind], values, now=now)
    if changed:
        _record(session, "edit", kind, row, changed)
        unbilled.subjects_changed(session, row.practice_id, kind, [row.id], now=now)
    return row


def add_policy(session: Session, client_id: UUID, *, now: datetime) -> Policy:
    """Begin a policy in the first payer order that is free; what it lacks becomes findings."""
    client = one(session, Client, client_id)
    unbilled.take_turn(session, client.practice_id)
    taken = set(
        session.scalars(
            select(Policy.payer_order).where(
                Policy.practice_id == client.practice_id,
                Policy.client_id == client.id,
                Policy.withdrawn_at.is_(None),
                Policy.effective_to.is_(None),
            )
        )
    )
    order = next((each for each in PayerOrder if each not in taken), PayerOrder.TERTIARY)
    policy = Policy(practice_id=client.practice_id, client_id=client.id, payer_order=order)
    session.add(policy)
    session.flush()
    _record(session, "create", Subject.POLICY, policy, ["payer_order"])
    unbilled.subjects_changed(session, client.practice_id, Subject.POLICY, [policy.id], now=now)
    return policy


def withdraw_policy(session: Session, policy_id: UUID, *, reason: str, now: datetime) -> Policy:
    """Take a policy out of use, with a reason; nothing is deleted."""
    if not reason.strip():
        raise WrongValue("Say why this policy is withdrawn.", field="reason")
    policy = one(session, Policy, policy_id)
    unbilled.take_turn(session, policy.practice_id)
    policy.withdrawn_at, policy.withdrawn_reason = now, typed_values.text(reason)
    session.flush()
    _record(session, "withdraw", Subject.POLICY, policy, ["withdrawn_at"])
    unbilled.subjects_changed(session, policy.practice_id, Subject.POLICY, [policy.id], now=now)
    return policy


def add_authorization(
    session: Session, policy_id: UUID, values: Mapping[str, str], *, now: datetime
) -> Authorization:
    """Add an authorization to a policy: it becomes the active one, and the earlier one rests."""
    policy = one(session, Policy, policy_id)
    unbilled.take_turn(session, policy.practice_id)
    earlier = session.scalars(
        visible(session, Authorization)
        .where(Authorization.policy_id == policy.id, Authorization.active)
        .with_for_update()
    ).all()
    for each in earlier:
        each.active = False
    session.flush()
    made = Authorization(
        practice_id=policy.practice_id, client_id=policy.client_id, policy_id=policy.id, number=""
    )
    session.add(made)
    session.flush()
    fields = supplying.fill(session, made, AUTHORIZATION, values, now=now)
    _record(session, "create", Subject.AUTHORIZATION, made, fields)
    unbilled.subjects_changed(
        session,
        policy.practice_id,
        Subject.AUTHORIZATION,
        [made.id, *(each.id for each in earlier)],
        now=now,
    )
    return made


def payers(session: Session) -> list[tuple[str, str]]:
    """Return all payers as one may choose them: id, name and payer id."""
    rows = session.scalars(select(Payer).order_by(Payer.name_key))
    return [("", "Not known yet")] + [
        (str(row.id), f"{row.name} ({row.electronic_id or 'no payer ID'})") for row in rows
    ]


def shown(kind: Subject, row: Row) -> dict[str, str]:
    """Return a record's values as its form shows them."""
    return {blank.name: supplying.shown(row, blank) for blank in BLANKS[kind]}


def _appointments(session: Session, client: Client) -> list[Visit]:
    rows = session.scalars(
        visible(session, Appointment)
        .where(Appointment.client_id == client.id)
        .options(selectinload(Appointment.clinician))
        .order_by(Appointment.served_on.desc(), Appointment.id.desc())
        .limit(NEWEST)
    ).all()
    on_claims = session.execute(
        select(ServiceLine.appointment_id, Claim)
        .join(
            Claim,
            (Claim.practice_id == ServiceLine.practice_id) & (Claim.id == ServiceLine.claim_id),
        )
        .where(
            held(session, ServiceLine.practice_id),
            ServiceLine.appointment_id.in_([row.id for row in rows]),
            ServiceLine.live,
        )
    )
    claims = {row.appointment_id: row.Claim for row in on_claims}
    return [
        Visit(
            id=row.id,
            served_on=row.served_on,
            clinician_name=row.clinician.name if row.clinician else "",
            charge_amount=row.charge_amount,
            readiness=row.readiness,
            missing_count=row.missing_count,
            held_for=row.held_for,
            unbilled=row.unbilled,
            claim=claims.get(row.id),
        )
        for row in rows
    ]


def _one(session: Session, kind: Subject, row_id: UUID) -> Row:
    if kind is Subject.CLIENT:
        return one(session, Client, row_id)
    if kind is Subject.POLICY:
        return one(session, Policy, row_id)
    return one(session, Authorization, row_id)


def _record(session: Session, action: str, kind: Subject, row: Row, fields: Sequence[str]) -> None:
    audit.record(
        session,
        action,
        subject_kind=kind.value,
        subject_ids=[row.id],
        practice_id=row.practice_id,
        fields=fields,
    )
