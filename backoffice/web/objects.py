"""What the arguments of addresses name: one table from argument to the row it stands for.

An argument that stands in neither table below is an address nobody has thought about: the list of
routes names it and the door test fails until it is here.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from backoffice.models.appointments import Appointment
from backoffice.models.base import Base
from backoffice.models.claims import Claim
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.contract import Consent, Disclosure, LegalHold
from backoffice.models.documents import Document
from backoffice.models.factors import Factor
from backoffice.models.inbound import InboundFile, InboundTransaction
from backoffice.models.intake import IntakeBatch
from backoffice.models.live import PushSubscription
from backoffice.models.messages import Message, Thread
from backoffice.models.notifications import Mail
from backoffice.models.people import BrokenGlass, Invitation
from backoffice.models.practices import Practice
from backoffice.models.remittances import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from backoffice.models.replies import CannedReply, HouseReply
from backoffice.models.submissions import Submission
from backoffice.models.tasks import Task
from backoffice.models.users import OnceKey, SignIn, User


class Near(enum.StrEnum):
    """Who comes near a row at all, given the permission that its address asks for."""

    CLIENTS = "clients"
    """Whoever has the permission in the row's practice; a clinician their own clients' only."""
    PRACTICE = "practice"
    """Whoever has the permission in the row's practice."""
    PERSON = "person"
    """The one person it belongs to, and nobody else."""
    HOUSE = "house"
    """Whoever has the permission: the row belongs to no practice."""


@dataclass(frozen=True)
class ObjectKind:
    """The row that an argument names."""

    word: str
    model: type[Base]
    near: Near


OBJECTS: Mapping[str, ObjectKind] = {
    "adjustment_id": ObjectKind("provider_adjustment", ProviderAdjustment, Near.PRACTICE),
    "appointment_id": ObjectKind("appointment", Appointment, Near.CLIENTS),
    "authorization_id": ObjectKind("authorization", Authorization, Near.CLIENTS),
    "batch_id": ObjectKind("intake_batch", IntakeBatch, Near.PRACTICE),
    "claim_id": ObjectKind("claim", Claim, Near.CLIENTS),
    "client_id": ObjectKind("client", Client, Near.CLIENTS),
    "consent_id": ObjectKind("consent", Consent, Near.PRACTICE),
    "disclosure_id": ObjectKind("disclosure", Disclosure, Near.PRACTICE),
    "document_id": ObjectKind("document", Document, Near.CLIENTS),
    "factor_id": ObjectKind("factor", Factor, Near.PERSON),
    "file_id": ObjectKind("inbound_file", InboundFile, Near.HOUSE),
    "glass_id": ObjectKind("broken_glass", BrokenGlass, Near.PRACTICE),
    "house_reply_id": ObjectKind("house_reply", HouseReply, Near.HOUSE),
    "invitation_id": ObjectKind("invitation", Invitation, Near.HOUSE),
    "key": ObjectKind("undo", OnceKey, Near.PERSON),
    "line_id": ObjectKind("remittance_line", RemittanceLine, Near.PRACTICE),
    "hold_id": ObjectKind("legal_hold", LegalHold, Near.PRACTICE),
    "mail_id": ObjectKind("mail", Mail, Near.PERSON),
    "message_id": ObjectKind("message", Message, Near.CLIENTS),
    "policy_id": ObjectKind("policy", Policy, Near.CLIENTS),
    "practice_id": ObjectKind("practice", Practice, Near.PRACTICE),
    "remittance_claim_id": ObjectKind("remittance_claim", RemittanceClaim, Near.PRACTICE),
    "remittance_id": ObjectKind("remittance", Remittance, Near.PRACTICE),
    "reply_id": ObjectKind("reply", CannedReply, Near.PRACTICE),
    "sign_in_id": ObjectKind("session", SignIn, Near.PERSON),
    "submission_id": ObjectKind("submission", Submission, Near.PRACTICE),
    "task_id": ObjectKind("task", Task, Near.PRACTICE),
    "subscription_id": ObjectKind("push_subscription", PushSubscription, Near.PERSON),
    "thread_id": ObjectKind("thread", Thread, Near.CLIENTS),
    "transaction_id": ObjectKind("inbound_transaction", InboundTransaction, Near.HOUSE),
    "user_id": ObjectKind("person", User, Near.HOUSE),
}
"""An argument's name means one kind of row, everywhere."""

WORDS = frozenset({"action", "attempt_no", "filename", "page", "token"})
"""Arguments that name no row of their own: a step, a number within a row, a file of ours,
a secret that a link carries."""
