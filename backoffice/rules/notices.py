"""What people may be told by mail, who hears of it by role, and what each may choose for it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backoffice.rules.roles import PRACTICE_ROLES, STAFF_ROLES, Role


class Topic(StrEnum):
    """What a mail is about: one template each."""

    CLAIM_STATUS = "claim_status"
    UNREAD_MESSAGE = "unread_message"
    DOCUMENT_SHARED = "document_shared"
    AGREEMENT_ENDING = "agreement_ending"
    INFORMATION_NEEDED = "information_needed"
    REQUEST_ANSWERED = "request_answered"
    ENROLLMENT = "enrollment"
    REPORT_READY = "report_ready"
    EOB_WANTED = "eob_wanted"
    PAST_DUE = "past_due"
    DAILY_DIGEST = "daily_digest"


class Way(StrEnum):
    """How somebody wants to hear of something."""

    IMMEDIATE = "immediate"
    """In a mail of its own, with what happened within a few minutes of it."""
    DIGEST = "digest"
    """In the daily summary."""
    OFF = "off"


_PRACTICE = PRACTICE_ROLES
_OWNER = frozenset({Role.PRACTICE_OWNER})
_BILLS = frozenset({Role.ADMINISTRATOR, Role.BILLER_LEAD, Role.BILLER})

HEARD_BY: Final[Mapping[Topic, frozenset[Role]]] = MappingProxyType(
    {
        Topic.CLAIM_STATUS: _PRACTICE,
        Topic.UNREAD_MESSAGE: _PRACTICE | _BILLS,
        Topic.DOCUMENT_SHARED: _PRACTICE | _BILLS,
        Topic.AGREEMENT_ENDING: frozenset({Role.ADMINISTRATOR}),
        Topic.INFORMATION_NEEDED: _OWNER | {Role.CLINICIAN},
        Topic.REQUEST_ANSWERED: _BILLS,
        Topic.ENROLLMENT: _OWNER | _BILLS,
        Topic.REPORT_READY: _OWNER,
        Topic.EOB_WANTED: _PRACTICE,
        Topic.PAST_DUE: frozenset({Role.ADMINISTRATOR, Role.BILLER_LEAD}),
        Topic.DAILY_DIGEST: _PRACTICE | _BILLS,
    }
)
"""Which roles a topic can reach at all; which of them hears of one thing is for its event to say.

Mails about one's own account (security) stand on no list: nobody chooses about those.
"""

REQUIRED: Final = frozenset(
    {
        Topic.UNREAD_MESSAGE,
        Topic.INFORMATION_NEEDED,
        Topic.ENROLLMENT,
        Topic.PAST_DUE,
        Topic.AGREEMENT_ENDING,
    }
)
"""Of these at least one person hears, on each side that hears at all."""

_SUMMED_UP: Final = frozenset({Way.DIGEST, Way.OFF})
DIGEST_HOUR: Final = 7
"""The hour of a daily summary where nobody chose one, in the practice's time zone."""
LONGEST_UNREAD_MINUTES: Final = 24 * 60


class LastToHear(ValueError):
    """Nobody would hear of something required any more; `topic` says of what."""

    def __init__(self, topic: Topic) -> None:
        """Remember which topic."""
        self.topic = topic
        super().__init__(topic.value)


class SummaryOff(ValueError):
    """Something was to come by the daily summary, which is off; `topic` says what."""

    def __init__(self, topic: Topic) -> None:
        """Remember which topic."""
        self.topic = topic
        super().__init__(topic.value)


def topics_for(role: Role) -> tuple[Topic, ...]:
    """Return what somebody with this role may hear of, in the order of the page."""
    return tuple(topic for topic in Topic if role in HEARD_BY[topic])


def ways_for(topic: Topic) -> tuple[Way, ...]:
    """Return the ways that can be chosen for a topic."""
    return tuple(way for way in Way if topic is not Topic.DAILY_DIGEST or way in _SUMMED_UP)


def usual_way(topic: Topic) -> Way:
    """Return how somebody hears of a topic who never chose."""
    return Way.DIGEST if topic is Topic.DAILY_DIGEST else Way.IMMEDIATE


def side_of(role: Role) -> frozenset[Role]:
    """Return the roles on the same side of a practice: the house's or its own."""
    return STAFF_ROLES if role in STAFF_ROLES else PRACTICE_ROLES


def check_choice(chosen: Mapping[Topic, Way], *, others_hear: Mapping[Topic, bool]) -> None:
    """Refuse a choice that leaves something unheard: raises SummaryOff or LastToHear.

    `others_hear` says of each topic whether anybody else on the person's side has it on.
    """
    for topic, way in chosen.items():
        if way is Way.DIGEST and chosen.get(Topic.DAILY_DIGEST) is Way.OFF:
            raise SummaryOff(topic)
        if way is Way.OFF and topic in REQUIRED and not others_hear.get(topic, False):
            raise LastToHear(topic)
