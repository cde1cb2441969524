"""How each person of a practice, and who bills for it, wants to hear of what; and their choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.notifications import MailRhythm, MailWish
from backoffice.models.users import Membership, User
from backoffice.rules.notices import (
    DIGEST_HOUR,
    HEARD_BY,
    REQUIRED,
    LastToHear,
    SummaryOff,
    Topic,
    Way,
    check_choice,
    side_of,
    topics_for,
    usual_way,
    ways_for,
)
from backoffice.rules.roles import STAFF_ROLES, Role
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.notifications.terms import terms_of
from backoffice.services.refusal import NotVisible, Refused

WISHES: Final = "mail_wishes"
TOPIC_WORDS: Final[Mapping[Topic, str]] = {
    Topic.CLAIM_STATUS: "A claim changed status",
    Topic.UNREAD_MESSAGE: "A message waits unread",
    Topic.DOCUMENT_SHARED: "A document came",
    Topic.AGREEMENT_ENDING: "A practice's agreement ends soon",
    Topic.INFORMATION_NEEDED: "Information is needed from the practice",
    Topic.REQUEST_ANSWERED: "A practice answered a request",
    Topic.ENROLLMENT: "An enrollment changed",
    Topic.REPORT_READY: "The monthly report is ready",
    Topic.EOB_WANTED: "An EOB is wanted",
    Topic.PAST_DUE: "Something is past due",
    Topic.DAILY_DIGEST: "Daily summary",
}
"""What each topic is called where one chooses, and in the mail ledger."""


class CannotChoose(Refused):
    """A choice would leave something unheard; the field is the topic's."""

    code = "cannot_choose"


@dataclass(frozen=True)
class Rhythm:
    """When somebody's mails leave: None minutes are the house's own, the hour is the practice's."""

    unread_minutes: int | None = None
    digest_hour: int = DIGEST_HOUR


@dataclass(frozen=True)
class Wishes:
    """What everybody near one practice chose, and what holds where nobody did."""

    members: Mapping[UUID, Role]
    house: Mapping[UUID, Role]
    chosen: Mapping[tuple[UUID, Topic], Way]
    rhythms: Mapping[UUID, Rhythm]

    def role_of(self, user_id: UUID) -> Role | None:
        """Return what somebody is here, None for who is nobody."""
        return self.house.get(user_id) or self.members.get(user_id)

    def way(self, user_id: UUID, topic: Topic) -> Way:
        """Return how somebody hears of a topic.

        Where everybody on their side has a required topic off (the one who had it on has left),
        all of them hear of it again.
        """
        way = self._choice(user_id, topic)
        if way is Way.OFF and topic in REQUIRED and not self.others_hear(user_id, topic):
            return Way.IMMEDIATE
        return way

    def others_hear(self, user_id: UUID, topic: Topic) -> bool:
        """Whether somebody else on the person's side has a topic on."""
        role = self.role_of(user_id)
        if role is None:
            return False
        roles = HEARD_BY[topic] & side_of(role)
        # Who may come near every practice takes part in few: they count where nobody else is told.
        people = {**self.members, **self.house} if roles <= {Role.ADMINISTRATOR} else self.members
        return any(
            other != user_id and of in roles and self._choice(other, topic) is not Way.OFF
            for other, of in people.items()
        )

    def rhythm(self, user_id: UUID) -> Rhythm:
        """Return when somebody's mails leave."""
        return self.rhythms.get(user_id, Rhythm())

    def _choice(self, user_id: UUID, topic: Topic) -> Way:
        return self.chosen.get((user_id, topic), usual_way(topic))


def wishes_of(session: Session, practice_id: UUID) -> Wishes:
    """Return what everybody near a practice chose; read once for each unit of work."""
    known: dict[UUID, Wishes] = session.info.setdefault(WISHES, {})
    if practice_id not in known:
        known[practice_id] = _read(session, practice_id)
    return known[practice_id]


def wait_of(session: Session, practice_id: UUID, user_id: UUID, topic: Topic) -> timedelta:
    """Return how long the first thing in somebody's mail waits for others, or to be read."""
    minutes = wishes_of(session, practice_id).rhythm(user_id).unread_minutes
    if topic is Topic.UNREAD_MESSAGE and minutes is not None:
        return timedelta(minutes=minutes)
    return terms_of(session).wait(topic)


def choose(
    session: Session,
    practice_id: UUID,
    user_id: UUID,
    *,
    ways: Mapping[Topic, Way],
    rhythm: Rhythm,
    now: datetime,
) -> None:
    """Keep somebody's own choice for one practice.

    Topics that their role never hears of are left alone. Raises CannotChoose where nobody would
    hear of something required, or where something is to come by a summary that is off.
    """
    wishes = wishes_of(session, practice_id)
    role = wishes.role_of(user_id)
    if role is None:
        raise NotVisible
    own = topics_for(role)
    chosen = {topic: ways.get(topic, wishes.way(user_id, topic)) for topic in own}
    for topic, way in chosen.items():
        if way not in ways_for(topic):
            raise CannotChoose("Choose one of the ways that are offered.", field=topic.value)
    try:
        check_choice(
            chosen, others_hear={topic: wishes.others_hear(user_id, topic) for topic in own}
        )
    except LastToHear as last:
        raise CannotChoose(
            f"{TOPIC_WORDS[last.topic]}: you are the last here who would hear of it."
            " Have it in the daily summary, or let somebody else turn it on first.",
            field=last.topic.value,
        ) from None
    except SummaryOff as off:
        raise CannotChoose(
            f"{TOPIC_WORDS[off.topic]}: your daily summary is off, so it cannot come with it.",
            field=off.topic.value,
        ) from None
    _keep(session, practice_id, user_id, chosen, rhythm, now=now)


def _keep(
    session: Session,
    practice_id: UUID,
    user_id: UUID,
    chosen: Mapping[Topic, Way],
    rhythm: Rhythm,
    *,
    now: datetime,
) -> None:
    own = {"practice_id": practice_id, "user_id": user_id, "created_at": now}
    for topic, way in chosen.items():
        session.execute(
            insert(MailWish)
            .values(id=new_id(), topic=topic, way=way, **own)
            .on_conflict_do_update(
                index_elements=["practice_id", "user_id", "topic"], set_={"way": way}
            )
        )
    times = {"unread_minutes": rhythm.unread_minutes, "digest_hour": rhythm.digest_hour}
    session.execute(
        insert(MailRhythm)
        .values(id=new_id(), **own, **times)
        .on_conflict_do_update(index_elements=["practice_id", "user_id"], set_=times)
    )
    session.info.pop(WISHES, None)
    audit.record(
        session,
        "choose_mails",
        subject_kind="user",
        subject_ids=[user_id],
        practice_id=practice_id,
        detail={topic.value: way.value for topic, way in chosen.items()} | times,
    )


def _read(session: Session, practice_id: UUID) -> Wishes:
    members = session.execute(
        select(Membership.user_id, Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(
            held(session, Membership.practice_id),
            Membership.practice_id == practice_id,
            Membership.ended_at.is_(None),
            User.disabled_at.is_(None),
        )
    )
    house = session.execute(
        select(User.id, User.house_role).where(
            User.house_role.in_(STAFF_ROLES), User.disabled_at.is_(None)
        )
    )
    chosen = session.scalars(visible(session, MailWish).where(MailWish.practice_id == practice_id))
    rhythms = session.scalars(
        visible(session, MailRhythm).where(MailRhythm.practice_id == practice_id)
    )
    return Wishes(
        members={found.user_id: found.role for found in members},
        house={found.id: found.house_role for found in house if found.house_role},
        chosen={(wish.user_id, wish.topic): wish.way for wish in chosen},
        rhythms={own.user_id: Rhythm(own.unread_minutes, own.digest_hour) for own in rhythms},
    )
