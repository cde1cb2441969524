"""Invitations: for one email address, to named practices with one role; 72 hours, once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, func, literal, select, update
from sqlalchemy.orm import Session

from backoffice.models.people import AccountTopic, Invitation
from backoffice.models.practices import Clinician, Practice
from backoffice.models.users import Membership, User
from backoffice.rules.roles import PRACTICE_ROLES, Reach, Role, reach_of
from backoffice.services import accounts, audit
from backoffice.services.access import one
from backoffice.services.accounts import Person, email_key
from backoffice.services.notifications import tell_about_account
from backoffice.services.people.joining import join, need_house_role, need_place
from backoffice.services.people.refusals import BelongsAlready, LinkRefused, RoleNotGiven
from backoffice.services.people.tokens import hash_of, new_token
from backoffice.services.refusal import NotVisible
from backoffice.services.work import act_in

WORKS_FOR: Final = timedelta(hours=72)


@dataclass(frozen=True)
class Place:
    """What somebody is invited to: a role, and where; no practice for a role of the house."""

    role: Role
    practice_ids: tuple[UUID, ...] = ()
    clinician_id: UUID | None = None


@dataclass(frozen=True)
class Invited:
    """An open invitation as its holder sees it."""

    id: UUID
    email: str
    name: str
    role: Role
    where: str
    has_account: bool


def invite(
    session: Session, place: Place, *, email: str, name: str, by: Person, now: datetime
) -> Invitation:
    """Invite somebody by email; an older open invitation to the same place becomes void.

    The session reads the practices named; `by` gives roles that `by` may give.
    """
    _may_give(by, place)
    key = email_key(email)
    known = session.scalars(select(User).where(User.email_key == key)).one_or_none()
    if known is not None:
        _is_new_there(session, known, place)
    if place.clinician_id is not None:
        one(session, Clinician, place.clinician_id)
    _void_same_place(session, key, place, now=now)
    invitation = Invitation(
        created_at=now,
        email=email.strip(),
        email_key=key,
        name=name,
        role=place.role,
        practice_ids=list(place.practice_ids),
        clinician_id=place.clinician_id,
        invited_by_id=by.id,
        token_hash=b"",
        expires_at=now,
    )
    _send(session, invitation, by=by, now=now)
    session.add(invitation)
    _record(session, "invite", invitation)
    return invitation


def resend(session: Session, invitation: Invitation, *, by: Person, now: datetime) -> None:
    """Send a new link, for 72 hours from now; the old one works no more."""
    _unsettled(invitation)
    _send(session, invitation, by=by, now=now)
    _record(session, "resend_invitation", invitation)


def readdress(
    session: Session, invitation: Invitation, *, email: str, by: Person, now: datetime
) -> None:
    """Send the invitation to another email address; the link of the old one works no more."""
    _unsettled(invitation)
    invitation.email, invitation.email_key = email.strip(), email_key(email)
    _send(session, invitation, by=by, now=now)
    _record(session, "readdress_invitation", invitation)


def revoke(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Take an invitation back; its link works no more."""
    _unsettled(invitation)
    invitation.revoked_at = now
    _record(session, "revoke_invitation", invitation)


def open_invitations(session: Session, practice_id: UUID | None = None) -> Sequence[Invitation]:
    """Return invitations neither taken nor taken back: of one practice, or all of them.

    For a practice: those to its own roles there alone.
    """
    query = select(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )
    if practice_id is not None:
        query = query.where(_alone_to(practice_id), Invitation.role.in_(PRACTICE_ROLES))
    return session.scalars(query.order_by(Invitation.created_at.desc())).all()


def invitation_for(
    session: Session, invitation_id: UUID, practice_id: UUID | None = None
) -> Invitation:
    """Return an invitation of a practice's own people (or any), locked, or raise NotVisible."""
    query = select(Invitation).where(Invitation.id == invitation_id).with_for_update()
    if practice_id is not None:
        query = query.where(_alone_to(practice_id), Invitation.role.in_(PRACTICE_ROLES))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotVisible
    return found


def practices_invited_to(session: Session, secret: str, *, now: datetime) -> tuple[UUID, ...]:
    """Return the practices of an open invitation; raises LinkRefused."""
    return tuple(_by_secret(session, secret, now=now).practice_ids)


def look(session: Session, secret: str, *, by: Person | None, now: datetime) -> Invited:
    """Return what a link invites to; raises LinkRefused, the same for every cause.

    Whoever is signed in (`by`) must be whom it was sent to.
    """
    invitation = _by_secret(session, secret, now=now)
    if by is not None and email_key(by.email) != invitation.email_key:
        raise LinkRefused
    account = session.scalars(
        select(User).where(User.email_key == invitation.email_key)
    ).one_or_none()
    if account is not None and account.disabled_at is not None:
        raise LinkRefused
    return Invited(
        id=invitation.id,
        email=invitation.email,
        name=invitation.name,
        role=invitation.role,
        where=_where(session, invitation),
        has_account=account is not None,
    )


def accept_as_new(
    session: Session, secret: str, *, password: str, name: str, now: datetime
) -> User:
    """Take an invitation by making an account: a name and a password; signs nobody in.

    The session works for the house and for the invitation's practices. Raises LinkRefused, or what
    is wrong with the password.
    """
    invitation = _by_secret(session, secret, now=now, lock=True)
    if _holder(session, invitation) is not None:
        raise LinkRefused
    about = (name, invitation.email, _where(session, invitation))
    accounts.require_good_password(password, about=about)
    user = User(
        created_at=now,
        email=invitation.email,
        email_key=invitation.email_key,
        name=name,
        password_hash=accounts.hash_password(password),
    )
    session.add(user)
    session.flush()
    audit.act_as(session, replace(audit.actor_of(session), user_id=user.id))
    _seat(session, invitation, user, now=now)
    return user


def accept(session: Session, secret: str, *, by: Person, now: datetime) -> None:
    """Take an invitation with the account that its email has; signed in fully, as `by` is."""
    invitation = _by_secret(session, secret, now=now, lock=True)
    user = _holder(session, invitation)
    if user is None or user.id != by.id or user.disabled_at is not None:
        raise LinkRefused
    _seat(session, invitation, user, now=now)


def void_for_email(session: Session, key: str, *, now: datetime) -> None:
    """Take back what was sent to an address that its holder gave up."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.email_key == key,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def void_around(
    session: Session, user: User, *, now: datetime, practice_id: UUID | None = None
) -> None:
    """Take back what was sent to somebody whose rights change, and what they sent to others.

    With a practice, only what names it. No old link leads back to what was taken away.
    """
    query = select(Invitation).where(
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        (Invitation.email_key == user.email_key) | (Invitation.invited_by_id == user.id),
    )
    if practice_id is not None:
        query = query.where(literal(practice_id, Uuid()) == any_(Invitation.practice_ids))
    taken_back = session.scalars(query.with_for_update()).all()
    for invitation in taken_back:
        invitation.revoked_at = now
    if taken_back:
        audit.record(
            session,
            "revoke_invitation",
            subject_kind="invitation",
            subject_ids=[invitation.id for invitation in taken_back],
            practice_id=practice_id,
        )


def _may_give(by: Person, place: Place) -> None:
    """A role of the house reaches all practices and is given alone; else practices are named."""
    of_the_house = reach_of(place.role) is Reach.EVERY_PRACTICE
    if of_the_house is bool(place.practice_ids):
        raise RoleNotGiven("Choose the practices that this role is for.")
    if place.role is Role.CLINICIAN and len(place.practice_ids) != 1:
        raise RoleNotGiven("A clinician belongs to one practice at a time.")
    if place.clinician_id is not None and place.role is not Role.CLINICIAN:
        raise RoleNotGiven
    need_house_role(by) if of_the_house else need_place(by, place.role, place.practice_ids)


def _is_new_there(session: Session, known: User, place: Place) -> None:
    if known.house_role is not None:
        raise BelongsAlready
    if not place.practice_ids:
        return
    there = session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.user_id == known.id,
            Membership.practice_id.in_(place.practice_ids),
            Membership.ended_at.is_(None),
        )
    )
    if there:
        raise BelongsAlready


def _void_same_place(session: Session, key: str, place: Place, *, now: datetime) -> None:
    query = select(Invitation).where(
        Invitation.email_key == key,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
    for other in session.scalars(query.with_for_update()):
        if set(other.practice_ids) == set(place.practice_ids):
            other.revoked_at = now


def _send(session: Session, invitation: Invitation, *, by: Person, now: datetime) -> None:
    token = new_token()
    invitation.token_hash, invitation.expires_at = token.hash, now + WORKS_FOR
    tell_about_account(
        session,
        AccountTopic.INVITATION,
        recipient=invitation.email,
        user_id=None,
        now=now,
        token=token.secret,
        inviter=by.name,
        where=_where(session, invitation),
        role=invitation.role.value.replace("_", " "),
        hours=str(int(WORKS_FOR.total_seconds()) // 3600),
    )


def _where(session: Session, invitation: Invitation) -> str:
    """Say where in words for a page or a mail; many practices are only counted."""
    if not invitation.practice_ids:
        return "all practices"
    if len(invitation.practice_ids) > 1:
        return f"{len(invitation.practice_ids)} practices"
    return session.get_one(Practice, invitation.practice_ids[0]).name


def _by_secret(session: Session, secret: str, *, now: datetime, lock: bool = False) -> Invitation:
    query = select(Invitation).where(Invitation.token_hash == hash_of(secret))
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None or not found.is_open(now):
        raise LinkRefused
    return found


def _holder(session: Session, invitation: Invitation) -> User | None:
    query = select(User).where(User.email_key == invitation.email_key)
    return session.scalars(query.with_for_update()).one_or_none()


def _seat(session: Session, invitation: Invitation, user: User, *, now: datetime) -> None:
    invitation.accepted_at, invitation.accepted_by_id = now, user.id
    _record(session, "accept_invitation", invitation)
    if not invitation.practice_ids:
        user.house_role = invitation.role
    for practice_id in invitation.practice_ids:
        act_in(session, practice_id)
        join(session, user.id, practice_id, invitation.role)
        if invitation.clinician_id is not None:
            clinician = one(session, Clinician, invitation.clinician_id, lock=True)
            clinician.user_id = clinician.user_id or user.id
        session.flush()


def _unsettled(invitation: Invitation) -> None:
    if invitation.is_settled:
        raise LinkRefused


def _alone_to(practice_id: UUID) -> ColumnElement[bool]:
    return Invitation.practice_ids == literal([practice_id], ARRAY(Uuid()))


def _record(session: Session, action: str, invitation: Invitation) -> None:
    ids: Collection[UUID | None] = invitation.practice_ids or [None]
    for practice_id in ids:
        audit.record(
            session,
            action,
            subject_kind="invitation",
            subject_ids=[invitation.id],
            practice_id=practice_id,
            detail={"role": invitation.role.value},
        )
