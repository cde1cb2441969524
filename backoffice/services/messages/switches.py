"""The two switches of messages: a practice's, and one for each of its people."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.practices import Practice
from backoffice.models.users import Membership
from backoffice.rules.roles import STAFF_ROLES, Permission, Role
from backoffice.services import audit
from backoffice.services.access import held
from backoffice.services.accounts import Person
from backoffice.services.messages.circle import circle_of
from backoffice.services.messages.refusals import SomebodyMustHear
from backoffice.services.people.joining import membership_of
from backoffice.services.refusal import NotVisible


def switch_practice(session: Session, practice_id: UUID, *, on: bool, by: Person) -> None:
    """Let messages be written in a practice, or not; what was said stays and is read."""
    _may_switch(by, practice_id)
    practice = session.get_one(Practice, practice_id, with_for_update=True)
    before, practice.messaging_on = practice.messaging_on, on
    _record(session, "practice", practice_id, practice_id, before=before, after=on)


def switch_member(
    session: Session, practice_id: UUID, user_id: UUID, *, on: bool, by: Person
) -> None:
    """Let one of a practice's people take part in its messages, or neither read nor write any.

    An owner switches the practice's own people. The last owner who hears stays on, for messages
    that would have nobody else: SomebodyMustHear.
    """
    _may_switch(by, practice_id)
    session.get_one(Practice, practice_id, with_for_update=True)  # two owners: one after the other
    membership = membership_of(session, practice_id, user_id)
    if membership.role in STAFF_ROLES and not by.staff_in(practice_id):
        raise NotVisible
    if not on and membership.role is Role.PRACTICE_OWNER:
        others = circle_of(session, practice_id).owners - {user_id}
        if not others:
            raise SomebodyMustHear
    before, membership.messaging_on = membership.messaging_on, on
    _record(session, "user", user_id, practice_id, before=before, after=on)


def switched_off(session: Session, practice_id: UUID) -> frozenset[UUID]:
    """Return the practice's people who neither read nor write its messages."""
    query = select(Membership.user_id).where(
        held(session, Membership.practice_id),
        Membership.practice_id == practice_id,
        Membership.ended_at.is_(None),
        Membership.messaging_on.is_(False),
    )
    return frozenset(session.scalars(query))


def _may_switch(by: Person, practice_id: UUID) -> None:
    own = by.may_in(practice_id, Permission.MANAGE_OWN_PEOPLE)
    if not own and not by.may_in(practice_id, Permission.EDIT_PRACTICES):
        raise NotVisible


def _record(
    session: Session, kind: str, subject_id: UUID, practice_id: UUID, **detail: bool
) -> None:
    audit.record(
        session,
        "switch_messages",
        subject_kind=kind,
        subject_ids=[subject_id],
        practice_id=practice_id,
        detail=detail,
    )
