"""Who may do what: roles, permissions, and the one table between them."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the house or to a practice; a Membership gives it."""

    ADMINISTRATOR = "administrator"
    BILLER_LEAD = "biller_lead"
    BILLER = "biller"
    AUDITOR = "auditor"
    PRACTICE_OWNER = "practice_owner"
    CLINICIAN = "clinician"
    PRACTICE_BILLING = "practice_billing"


class Reach(StrEnum):
    """Whose rows a role may come near at all; permissions apply within it."""

    EVERY_PRACTICE = "every_practice"
    ASSIGNED_PRACTICES = "assigned_practices"
    OWN_PRACTICE = "own_practice"
    OWN_CLIENTS = "own_clients"


class Permission(StrEnum):
    """One thing a view, a job asked for by a person, or a command lets somebody do."""

    SEE_TODAY = "see_today"
    SEE_PRACTICES = "see_practices"
    EDIT_PRACTICES = "edit_practices"
    EDIT_PAYERS = "edit_payers"
    SEE_ENROLLMENTS = "see_enrollments"
    EDIT_ENROLLMENTS = "edit_enrollments"
    SEE_CLIENTS = "see_clients"
    EDIT_CLIENTS = "edit_clients"
    SEE_APPOINTMENTS = "see_appointments"
    EDIT_APPOINTMENTS = "edit_appointments"
    IMPORT_FILES = "import_files"
    REQUEST_INFORMATION = "request_information"
    ANSWER_REQUESTS = "answer_requests"
    SEE_CLAIMS = "see_claims"
    EDIT_CLAIMS = "edit_claims"
    SUBMIT_CLAIMS = "submit_claims"
    VOID_CLAIMS = "void_claims"
    SEE_SUBMISSIONS = "see_submissions"
    RESOLVE_SUBMISSIONS = "resolve_submissions"
    SEE_REMITTANCES = "see_remittances"
    POST_PAYMENTS = "post_payments"
    REVERSE_POSTINGS = "reverse_postings"
    WRITE_OFF = "write_off"
    CLOSE_MONTHS = "close_months"
    ATTRIBUTE_FILES = "attribute_files"
    SEE_MESSAGES = "see_messages"
    SEND_MESSAGES = "send_messages"
    WRITE_INTERNAL_NOTES = "write_internal_notes"
    WITHDRAW_MESSAGES = "withdraw_messages"
    """Others' words, with a reason; one's own are withdrawn by whoever may send."""
    EDIT_CANNED_REPLIES = "edit_canned_replies"
    SEE_TASKS = "see_tasks"
    DO_TASKS = "do_tasks"
    SEE_MAIL_LEDGER = "see_mail_ledger"
    """Which mails went to whom, and what became of them; no mail's words."""
    SEE_DOCUMENTS = "see_documents"
    ADD_DOCUMENTS = "add_documents"
    FILE_DOCUMENTS = "file_documents"
    """Sort, assign, link, split and turn what came."""
    WITHDRAW_DOCUMENTS = "withdraw_documents"
    SEE_REPORTS = "see_reports"
    EXPORT = "export"
    ASSIGN_WORK = "assign_work"
    ASSIGN_PRACTICES = "assign_practices"
    MANAGE_OWN_PEOPLE = "manage_own_people"
    MANAGE_USERS = "manage_users"
    MANAGE_SETTINGS = "manage_settings"
    SEE_AUDIT = "see_audit"
    SEE_FULL_IDENTIFIERS = "see_full_identifiers"
    SEE_BANK_DATA = "see_bank_data"
    BREAK_GLASS = "break_glass"
    REVIEW_BREAK_GLASS = "review_break_glass"
    SEE_DISCLOSURES = "see_disclosures"
    RECORD_DISCLOSURES = "record_disclosures"
    SEE_COMPLIANCE = "see_compliance"
    MANAGE_AGREEMENTS = "manage_agreements"


_P = Permission

_READ_PRACTICE_SIDE = frozenset(
    {
        _P.SEE_TODAY,
        _P.SEE_PRACTICES,
        _P.SEE_ENROLLMENTS,
        _P.SEE_CLIENTS,
        _P.SEE_APPOINTMENTS,
        _P.SEE_CLAIMS,
        _P.SEE_REMITTANCES,
        _P.SEE_MESSAGES,
        _P.SEE_DOCUMENTS,
        _P.SEE_REPORTS,
    }
)
_CONVERSE = frozenset({_P.SEND_MESSAGES, _P.ADD_DOCUMENTS})
_BILL = (
    _READ_PRACTICE_SIDE
    | _CONVERSE
    | {
        _P.EDIT_ENROLLMENTS,
        _P.EDIT_CLIENTS,
        _P.EDIT_APPOINTMENTS,
        _P.IMPORT_FILES,
        _P.REQUEST_INFORMATION,
        _P.EDIT_CLAIMS,
        _P.SUBMIT_CLAIMS,
        _P.VOID_CLAIMS,
        _P.SEE_SUBMISSIONS,
        _P.POST_PAYMENTS,
        _P.WRITE_INTERNAL_NOTES,
        _P.SEE_TASKS,
        _P.DO_TASKS,
        _P.FILE_DOCUMENTS,
        _P.EXPORT,
        _P.SEE_FULL_IDENTIFIERS,
        _P.SEE_BANK_DATA,
        _P.BREAK_GLASS,
        _P.SEE_DISCLOSURES,
        _P.RECORD_DISCLOSURES,
    }
)
_LEAD = _BILL | {
    _P.EDIT_PRACTICES,
    _P.EDIT_PAYERS,
    _P.RESOLVE_SUBMISSIONS,
    _P.REVERSE_POSTINGS,
    _P.WRITE_OFF,
    _P.CLOSE_MONTHS,
    _P.WITHDRAW_DOCUMENTS,
    _P.WITHDRAW_MESSAGES,
    _P.ASSIGN_WORK,
    _P.EDIT_CANNED_REPLIES,
    _P.SEE_MAIL_LEDGER,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    # Runs the house. Answering a practice's requests is the practice's alone.
    Role.ADMINISTRATOR: frozenset(Permission) - {_P.ANSWER_REQUESTS, _P.MANAGE_OWN_PEOPLE},
    Role.BILLER_LEAD: _LEAD,
    Role.BILLER: _BILL,
    # Sees everything, the record of who saw what included; changes nothing.
    Role.AUDITOR: _READ_PRACTICE_SIDE
    | {
        _P.SEE_SUBMISSIONS,
        _P.SEE_TASKS,
        _P.SEE_AUDIT,
        _P.SEE_MAIL_LEDGER,
        _P.SEE_DISCLOSURES,
        _P.SEE_COMPLIANCE,
    },
    # A practice's people read its claims; they change only what they are asked for.
    Role.PRACTICE_OWNER: _READ_PRACTICE_SIDE
    | _CONVERSE
    | {_P.ANSWER_REQUESTS, _P.MANAGE_OWN_PEOPLE, _P.SEE_DISCLOSURES},
    Role.CLINICIAN: (_READ_PRACTICE_SIDE - {_P.SEE_REMITTANCES, _P.SEE_ENROLLMENTS})
    | _CONVERSE
    | {_P.ANSWER_REQUESTS},
    # Reads the billing; takes part in the conversation about it.
    Role.PRACTICE_BILLING: _READ_PRACTICE_SIDE | _CONVERSE,
}

REACH: dict[Role, Reach] = {
    Role.ADMINISTRATOR: Reach.EVERY_PRACTICE,
    Role.AUDITOR: Reach.EVERY_PRACTICE,
    Role.BILLER_LEAD: Reach.ASSIGNED_PRACTICES,
    Role.BILLER: Reach.ASSIGNED_PRACTICES,
    Role.PRACTICE_OWNER: Reach.OWN_PRACTICE,
    Role.PRACTICE_BILLING: Reach.OWN_PRACTICE,
    Role.CLINICIAN: Reach.OWN_CLIENTS,
}

STAFF_ROLES = frozenset({Role.ADMINISTRATOR, Role.BILLER_LEAD, Role.BILLER, Role.AUDITOR})
PRACTICE_ROLES = frozenset(Role) - STAFF_ROLES

CONVERSATION = frozenset({_P.SEE_MESSAGES, _P.SEND_MESSAGES, _P.WRITE_INTERNAL_NOTES})
"""What is left to nobody for whom messages are switched off in a practice."""

BROKEN_GLASS = _READ_PRACTICE_SIDE
"""What breaking the glass opens in a practice that is not one's own: reading, nothing else."""

AFTER_LEAVING = _READ_PRACTICE_SIDE | {
    _P.SEE_SUBMISSIONS,
    _P.SEE_AUDIT,
    _P.SEE_FULL_IDENTIFIERS,
    _P.SEE_BANK_DATA,
    _P.SEE_DISCLOSURES,
    _P.RECORD_DISCLOSURES,
    _P.EXPORT,
}
"""What is left to everybody in a practice that has left, until its rows are removed."""

STEP_UP = frozenset(
    {
        _P.EXPORT,
        _P.MANAGE_OWN_PEOPLE,
        _P.MANAGE_USERS,
        _P.ASSIGN_PRACTICES,
        _P.MANAGE_AGREEMENTS,
        _P.SEE_FULL_IDENTIFIERS,
        _P.SEE_BANK_DATA,
        _P.ATTRIBUTE_FILES,  # shows files as they came, bank trace and all
        _P.BREAK_GLASS,
    }
)
"""What asks for a second factor that is at most five minutes old."""


class Identifier(StrEnum):
    """A number that is worth stealing: shown as far as a role's work needs it."""

    SSN = "ssn"
    TAX_ID = "tax_id"
    """Of a billing provider: an individual's may be their SSN."""
    MEMBER_ID = "member_id"
    TRACE_NUMBER = "trace_number"
    """Of a payment at the bank (TRN02)."""


class Shown(StrEnum):
    """How much of an identifier a page shows before anybody asks for it with a reason."""

    NONE = "none"
    MASKED = "masked"
    """The last four characters."""
    FULL = "full"


_I, _S = Identifier, Shown
_MASKED = dict.fromkeys(Identifier, Shown.MASKED)

SHOWN: dict[Role, dict[Identifier, Shown]] = {
    Role.ADMINISTRATOR: _MASKED | {_I.MEMBER_ID: _S.FULL},
    # Member IDs are a biller's daily work: typed, compared, read to payers.
    Role.BILLER_LEAD: _MASKED | {_I.MEMBER_ID: _S.FULL},
    Role.BILLER: _MASKED | {_I.MEMBER_ID: _S.FULL},
    Role.AUDITOR: _MASKED,
    Role.PRACTICE_OWNER: _MASKED | {_I.MEMBER_ID: _S.FULL},
    Role.PRACTICE_BILLING: _MASKED,
    # Treats clients; neither an SSN nor a payment is part of that.
    Role.CLINICIAN: _MASKED | {_I.SSN: _S.NONE, _I.TAX_ID: _S.NONE, _I.TRACE_NUMBER: _S.NONE},
}

TO_SEE_IN_FULL: dict[Identifier, Permission] = {
    Identifier.SSN: Permission.SEE_FULL_IDENTIFIERS,
    Identifier.TAX_ID: Permission.SEE_FULL_IDENTIFIERS,
    Identifier.MEMBER_ID: Permission.SEE_FULL_IDENTIFIERS,
    Identifier.TRACE_NUMBER: Permission.SEE_BANK_DATA,
}
"""What it takes to be shown one whole, with a reason, a second factor and on record."""


def shown_to(roles: Iterable[Role], identifier: Identifier) -> Shown:
    """Return how much of an identifier somebody with these roles sees: the most of any."""
    order = list(Shown)
    return max((SHOWN[role][identifier] for role in roles), key=order.index, default=Shown.NONE)


def may(role: Role, permission: Permission) -> bool:
    """Whether `role` may do `permission` within its reach; what is not granted is denied."""
    return permission in GRANTS[role]


def reach_of(role: Role) -> Reach:
    """Whose rows a role may come near: the house's whole, or down to a clinician's own clients."""
    return REACH[role]
