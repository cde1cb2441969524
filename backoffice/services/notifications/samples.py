"""Made-up facts for every kind of mail: what a preview shows, and what tests write from."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from backoffice.gateways.mail import OutgoingMail
from backoffice.models.people import AccountTopic
from backoffice.rules.notices import Topic
from backoffice.services.notifications.letters import AnyTopic, Fact, Sender, Told, write

_PRACTICE: Final = "Harbor Lane Counseling"
SAMPLES: Final[Mapping[AnyTopic, Mapping[str, Fact]]] = {
    Topic.CLAIM_STATUS: {
        "practice": _PRACTICE, "claims": 4, "counts": ((3, "Accepted"), (1, "Denied")),
    },
    Topic.UNREAD_MESSAGE: {
        "practice": _PRACTICE, "sender": "Ana Sample", "role": "biller",
        "at": "Nov 22, 10:15 am EST",
    },
    Topic.DOCUMENT_SHARED: {
        "practice": _PRACTICE, "documents": 3, "counts": ((2, "EOBs"), (1, "payer letter")),
    },
    Topic.AGREEMENT_ENDING: {"practice": _PRACTICE, "days": 30},
    Topic.INFORMATION_NEEDED: {
        "practice": _PRACTICE, "appointments": 5, "due": "December 1", "again": "",
    },
    Topic.REQUEST_ANSWERED: {"practice": _PRACTICE, "requests": 2},
    Topic.ENROLLMENT: {
        "practice": _PRACTICE, "payer": "Evergreen Health Plan", "kind": "ERA",
        "state": "document required",
        "next_step": "The payer wants a document: see which in the portal.",
    },
    Topic.REPORT_READY: {"practice": _PRACTICE, "month": "October 2026"},
    Topic.EOB_WANTED: {"practice": _PRACTICE, "claims": 2, "again": ""},
    Topic.PAST_DUE: {
        "practice": _PRACTICE, "items": 3,
        "counts": (
            (1, "conversation waits for our answer"),
            (2, "items are past their filing deadline"),
        ),
    },
    Topic.DAILY_DIGEST: {
        "practice": _PRACTICE,
        "counts": (
            (1, "claim denied"), (2, "appointments wait for information"), (7, "claims paid"),
            (1, "unread conversation"),
        ),
    },
    AccountTopic.INVITATION: {
        "inviter": "Cleo Mockwell", "where": _PRACTICE, "role": "clinician", "hours": "72",
    },
    AccountTopic.PASSWORD_RESET: {"minutes": "30"},
    AccountTopic.EMAIL_CONFIRMATION: {"minutes": "30"},
    AccountTopic.SECURITY: {
        "what": "Your password was changed.",
        "at": "November 22, 2026, 15:04 UTC, Firefox on Windows",
    },
    AccountTopic.GLASS_BROKEN: {
        "who": "Sam Stranger", "practice": _PRACTICE, "minutes": "60",
        "at": "November 22, 2026, 15:04 UTC",
    },
    AccountTopic.FILE_TAKEN_OUT: {
        "who": "Ana Sample", "at": "November 22, 2026, 15:04 UTC, Firefox on Windows",
    },
}  # fmt: skip
"""By topic: the whole whitelist but the link."""

_SENT_AT: Final = datetime(2026, 11, 22, 15, 4, tzinfo=UTC)


def sample(topic: AnyTopic, *, sender: Sender, recipient: str) -> OutgoingMail:
    """Write one mail of a kind from made-up facts."""
    link = f"{sender.portal_url}/news/00000000-0000-7000-8000-000000000000"
    return write(
        topic,
        Told(topic, link=link, **SAMPLES[topic]),
        recipient=recipient,
        message_id=f"<00000000-0000-7000-8000-000000000000@{sender.domain}>",
        now=_SENT_AT,
    )
