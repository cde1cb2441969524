"""Findings of an appointment, its diagnoses and its lines, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.kinds import FindingKind, Kinds
from backoffice.rules.readiness.vocabulary import Subject, Supplier

_C = FindingCode
_visit = Kinds(Subject.APPOINTMENT, Supplier.CLINICIAN)
_office = Kinds(Subject.APPOINTMENT, Supplier.PRACTICE)
_biller = Kinds(Subject.APPOINTMENT, Supplier.US)

_ONLY_DONE = "Payers pay for services that were given"
_FROM_LIST = "Choose the code from the list"

WORDS_ON_APPOINTMENTS: Final[Mapping[FindingCode, FindingKind]] = MappingProxyType(
    {
        _C.APPOINTMENT_NOT_COMPLETED: _visit.missing(
            "status", "Status", "The appointment is not completed", _ONLY_DONE,
            "Mark it completed once it has happened",
        ),
        _C.APPOINTMENT_NO_SHOW: _visit.missing(
            "status", "Status", "The client did not come",
            "A no-show fee is the client's and never goes on a claim", "Bill the client",
        ),
        _C.APPOINTMENT_CANCELLED: _visit.missing(
            "status", "Status", "The appointment was cancelled", _ONLY_DONE,
            "Correct the status if it happened after all",
        ),
        _C.APPOINTMENT_AHEAD: _visit.missing(
            "day", "Date of service", "The date of service is ahead of today", _ONLY_DONE,
            "Wait for the day, or correct the date",
        ),
        _C.APPOINTMENT_SET_ASIDE: _biller.missing(
            "disposition", "Billing", "The appointment is marked as not ours to bill",
            "It is self-pay, filed elsewhere or not billable", "Undo the mark to bill it",
        ),
        _C.APPOINTMENT_CLINICIAN_MISSING: _office.missing(
            "clinician", "Clinician", "The clinician is missing",
            "A claim names who saw the client (Box 24J)", "Choose the clinician",
        ),
        _C.APPOINTMENT_PROFILE_MISSING: _biller.missing(
            "billing_profile", "Billing profile", "No billing profile fits",
            "A claim says who bills it (Box 33)", "Add a default billing profile",
        ),
        _C.APPOINTMENT_LOCATION_MISSING: _office.warning(
            "location", "Location", "The location is missing",
            "The claim may have to say where it happened (Box 32)", "Choose the location",
        ),
        _C.APPOINTMENT_PLACE_MISSING: _office.missing(
            "place_of_service", "Place of service", "The place of service is missing",
            "Every service says where it happened (Box 24B)", "Choose the place of service",
        ),
        _C.APPOINTMENT_PLACE_UNKNOWN: _office.missing(
            "place_of_service", "Place of service", "The place of service is no code",
            "Only the public codes are taken (Box 24B)", "Choose the place of service",
        ),
        _C.APPOINTMENT_TELEHEALTH_PLACE: _biller.missing(
            "place_of_service", "Place of service", "This payer takes telehealth at another place",
            "Each payer wants telehealth in its own way (Box 24B)",
            "Use the place in the payer's rules",
        ),
        _C.APPOINTMENT_POLICY_MISSING: _office.missing(
            "policy", "Policy", "No policy covers the date of service",
            "A claim goes to the payer of a policy", "Add the policy the client had that day",
        ),
        _C.APPOINTMENT_POLICY_NOT_COVERING: _office.missing(
            "policy", "Policy", "The policy does not cover the date of service",
            "The payer denies services outside its coverage",
            "Correct the policy's dates, or choose another policy",
        ),
        _C.APPOINTMENT_NOTE_UNSIGNED: _visit.holding(
            "note_signed", "Note", "Note unsigned",
            "This practice bills only what is documented", "Sign the note",
        ),
        _C.APPOINTMENT_DUPLICATE: _biller.holding(
            "is_duplicate", "Duplicate", "Duplicate",
            "The same service on the same day is on another claim", "Keep one of the two",
        ),
        _C.APPOINTMENT_AUTH_MISSING: _office.holding(
            "authorization", "Authorization", "Authorization",
            "This payer wants prior authorization (Box 23)", "Add the authorization",
        ),
        _C.APPOINTMENT_AUTH_OUTSIDE_DATES: _office.holding(
            "authorization", "Authorization", "Authorization of other dates",
            "It does not cover the date of service", "Ask the payer for one that does",
        ),
        _C.APPOINTMENT_AUTH_USED_UP: _office.holding(
            "authorization", "Authorization", "Authorization used up",
            "All sessions the payer allowed are billed", "Ask the payer for more sessions",
        ),
        _C.APPOINTMENT_BEFORE_ENROLLMENT: _biller.warning(
            "day", "Date of service", "The service was before the enrollment took effect",
            "Some payers refuse electronic claims for such dates", "File it on paper if refused",
        ),
        _C.APPOINTMENT_DEADLINE_NEAR: _biller.warning(
            "filing_deadline", "Filing deadline", "The filing deadline is near",
            "After it the payer owes nothing", "Submit it first",
        ),
        _C.APPOINTMENT_DEADLINE_PASSED: _biller.warning(
            "filing_deadline", "Filing deadline", "The filing deadline has passed",
            "The payer denies late claims unless the delay is explained",
            "Send proof of timely filing, or decide what becomes of it",
        ),
        _C.DIAGNOSIS_MISSING: _visit.missing(
            "diagnoses", "Diagnoses", "A diagnosis is missing",
            "Payers pay for the treatment of a diagnosis (Box 21)", "Add the diagnosis",
        ),
        _C.DIAGNOSES_TOO_MANY: _visit.missing(
            "diagnoses", "Diagnoses", "There are more than twelve diagnoses",
            "A claim carries twelve (Box 21)", "Keep those that were treated",
        ),
        _C.DIAGNOSIS_TWICE: _visit.missing(
            "diagnoses", "Diagnoses", "The diagnosis is listed twice",
            "Clearinghouses refuse a repeated code (Box 21)", "Remove one of the two",
        ),
        _C.DIAGNOSIS_MALFORMED: _visit.missing(
            "diagnoses", "Diagnoses", "The diagnosis is no ICD-10-CM code",
            "A claim names diagnoses by their code (Box 21)", _FROM_LIST,
        ),
        _C.DIAGNOSIS_UNKNOWN: _visit.missing(
            "diagnoses", "Diagnoses", "The diagnosis did not exist on the date of service",
            "Codes change every October (Box 21)", _FROM_LIST,
        ),
        _C.DIAGNOSIS_NOT_BILLABLE: _visit.missing(
            "diagnoses", "Diagnoses", "The diagnosis is a category, not exact enough",
            "Payers want the exact code below it (Box 21)", "Choose a code under this category",
        ),
        _C.DIAGNOSIS_UNSURE: _biller.warning(
            "diagnoses", "Diagnoses", "The diagnosis can't be checked for that date",
            "Our list of codes covers other days", "Check it against that year's ICD-10-CM",
        ),
        _C.DIAGNOSIS_EXTERNAL_CAUSE_FIRST: _visit.missing(
            "diagnoses", "Diagnoses", "The first diagnosis is an external cause",
            "Codes V to Y explain a condition and never stand first (Box 21)",
            "List the condition first",
        ),
        _C.LINES_MISSING: _visit.missing(
            "lines", "Services", "The service is missing",
            "A claim says what was done (Box 24D)", "Add the procedure code",
        ),
        _C.LINES_TOO_MANY: _biller.missing(
            "lines", "Services", "There are more services than a claim carries",
            "A payer takes a limited number of lines", "Split the appointment",
        ),
        _C.PROCEDURE_MISSING: _visit.missing(
            "procedure_code", "Procedure", "The procedure code is missing",
            "A claim says what was done (Box 24D)", "Enter the procedure code",
        ),
        _C.PROCEDURE_MALFORMED: _visit.missing(
            "procedure_code", "Procedure", "The procedure code is not in CPT or HCPCS form",
            "A claim says what was done (Box 24D)", "Enter its five characters",
        ),
        _C.PROCEDURE_ADD_ON_ALONE: _visit.missing(
            "procedure_code", "Procedure", "The add-on code has no base code",
            "An add-on is paid beside its base code only (Box 24D)",
            "Add the base code, or the code that stands alone",
        ),
        _C.PROCEDURES_EXCLUDE: _visit.missing(
            "procedure_code", "Procedure", "Two codes for one session exclude each other",
            "A session is billed by one psychotherapy code (Box 24D)",
            "Keep the one for the time spent",
        ),
        _C.MODIFIER_MALFORMED: _visit.missing(
            "modifiers", "Modifiers", "The modifier is not two letters or digits",
            "Payers read modifiers by their codes (Box 24D)", "Enter the modifier again",
        ),
        _C.MODIFIERS_TOO_MANY: _visit.missing(
            "modifiers", "Modifiers", "There are more than four modifiers",
            "A line carries four (Box 24D)", "Keep those the payer asks for",
        ),
        _C.MODIFIER_REQUIRED: _biller.missing(
            "modifiers", "Modifiers", "This payer wants a modifier for the licence",
            "It pays by the clinician's licence (Box 24D)", "Add the modifier for the licence",
        ),
        _C.TELEHEALTH_MODIFIER_MISSING: _biller.missing(
            "modifiers", "Modifiers", "This payer wants a telehealth modifier",
            "Each payer wants telehealth in its own way (Box 24D)",
            "Add the modifier in the payer's rules",
        ),
        _C.UNITS_MISSING: _visit.missing(
            "units", "Units", "The units are missing",
            "A line says how many (Box 24G)", "Enter the units, mostly 1",
        ),
        _C.UNITS_WRONG: _visit.missing(
            "units", "Units", "The units are not above zero",
            "A line says how many (Box 24G)", "Enter the units, mostly 1",
        ),
        _C.CHARGE_MISSING: _office.missing(
            "charge_amount", "Charge", "The charge is missing",
            "Payers pay no more than is charged (Box 24F)",
            "Enter the charge, or a fee for the code",
        ),
        _C.CHARGE_WRONG: _office.missing(
            "charge_amount", "Charge", "The charge is no amount a claim can carry",
            "A charge is whole cents, not below zero (Box 24F)", "Enter the charge again",
        ),
        _C.CHARGE_ZERO: _office.missing(
            "charge_amount", "Charge", "Nothing is charged",
            "Clearinghouses refuse a claim of 0.00 (Box 28)", "Enter the charge",
        ),
        _C.POINTER_BEYOND: _visit.missing(
            "diagnosis_pointers", "Diagnosis pointers", "A pointer names no diagnosis",
            "Each service points to what it treated (Box 24E)", "Choose a diagnosis that is listed",
        ),
        _C.POINTERS_TOO_MANY: _visit.missing(
            "diagnosis_pointers", "Diagnosis pointers", "There are more than four pointers",
            "A line points to four diagnoses (Box 24E)", "Keep the main ones",
        ),
        _C.POINTER_TWICE: _visit.missing(
            "diagnosis_pointers", "Diagnosis pointers", "A pointer is there twice",
            "Each diagnosis is named once (Box 24E)", "Remove one of the two",
        ),
    }
)  # fmt: skip
