"""What people are told by email: who, when, in one mail or several; never a word of health.

A use case says what happened (`claim_moved`, `message_posted`, `document_shared`); the last act of
its unit of work puts the notices into each person's open mail; workers/notifications.py sends it.
"""

from backoffice.services.notifications.accounts import (
    account_mail_refused,
    account_mail_sent,
    account_mail_to_send,
    put_account_mail_off,
    tell_about_account,
    tell_of_security,
)
from backoffice.services.notifications.digesting import write_digests
from backoffice.services.notifications.events import (
    agreement_ending,
    claim_moved,
    document_shared,
    enrollment_changed,
    eob_wanted,
    information_needed,
    message_posted,
    past_due,
    report_ready,
    request_answered,
)
from backoffice.services.notifications.letters import NotForMail, Sender, Told, write
from backoffice.services.notifications.people import Audience, audience_of
from backoffice.services.notifications.reminding import remind, tell_of_what_is_past_due, wake
from backoffice.services.notifications.security import export_made, new_sign_in
from backoffice.services.notifications.sending import (
    Letter,
    NotYet,
    put_off,
    refused,
    sent,
    to_send,
)
from backoffice.services.notifications.telling import bundle
from backoffice.services.notifications.terms import TERMS, MailTerms, terms_from

__all__ = [
    "TERMS",
    "Audience",
    "Letter",
    "MailTerms",
    "NotForMail",
    "NotYet",
    "Sender",
    "Told",
    "account_mail_refused",
    "account_mail_sent",
    "account_mail_to_send",
    "agreement_ending",
    "audience_of",
    "bundle",
    "claim_moved",
    "document_shared",
    "enrollment_changed",
    "eob_wanted",
    "export_made",
    "information_needed",
    "message_posted",
    "new_sign_in",
    "past_due",
    "put_account_mail_off",
    "put_off",
    "refused",
    "remind",
    "report_ready",
    "request_answered",
    "sent",
    "tell_about_account",
    "tell_of_security",
    "tell_of_what_is_past_due",
    "terms_from",
    "to_send",
    "wake",
    "write",
    "write_digests",
]
