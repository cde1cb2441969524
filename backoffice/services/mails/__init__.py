"""What became of mails: the ledger of a practice, reports of those that came back."""

from backoffice.services.mails.bouncing import (
    account_mail_bounced,
    bounced,
    whose,
    write_again,
)
from backoffice.services.mails.ledger import Asked, Entry, Page, ledger, recipients
from backoffice.services.mails.reports import LARGEST, NoReport, Report, read_report

__all__ = [
    "LARGEST",
    "Asked",
    "Entry",
    "NoReport",
    "Page",
    "Report",
    "account_mail_bounced",
    "bounced",
    "ledger",
    "read_report",
    "recipients",
    "whose",
    "write_again",
]
