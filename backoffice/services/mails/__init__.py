"""What became of mails: the ledgers of practices and of the house, and those that came back."""

from backoffice.services.mails.bouncing import (
    account_mail_bounced,
    bounced,
    is_about_account,
    whose,
    write_again,
)
from backoffice.services.mails.house import (
    AskedOfHouse,
    HouseEntry,
    HousePage,
    came_back,
    house_ledger,
)
from backoffice.services.mails.ledger import Asked, Entry, Page, ledger, recipients
from backoffice.services.mails.reports import LARGEST, NoReport, Report, read_report

__all__ = [
    "LARGEST",
    "Asked",
    "AskedOfHouse",
    "Entry",
    "HouseEntry",
    "HousePage",
    "NoReport",
    "Page",
    "Report",
    "account_mail_bounced",
    "bounced",
    "came_back",
    "house_ledger",
    "is_about_account",
    "ledger",
    "read_report",
    "recipients",
    "whose",
    "write_again",
]
