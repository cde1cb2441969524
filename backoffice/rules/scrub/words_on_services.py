"""Words and cures for diagnoses, service lines, money and other payers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backoffice.rules.scrub.codes import Advice, ScrubCode, Severity

_E, _W = Severity.ERROR, Severity.WARNING
_C = ScrubCode

WORDS_ON_SERVICES: Final[Mapping[ScrubCode, Advice]] = MappingProxyType(
    {
        _C.DIAGNOSIS_MISSING: Advice(_E, "{it} is missing.", "Add at least one diagnosis."),
        _C.DIAGNOSES_TOO_MANY: Advice(
            _E, "{it}: a claim carries at most {limit}.", "Keep those the lines point to."
        ),
        _C.DIAGNOSIS_TWICE: Advice(_E, "{it} is on the claim already.", "Remove one of the two."),
        _C.DIAGNOSIS_DOTTED: Advice(
            _E, "{it} is written with a dot.", "Write the code without the dot."
        ),
        _C.DIAGNOSIS_MALFORMED: Advice(
            _E, "{it} does not have the form of an ICD-10-CM code.", "Choose it from the list."
        ),
        _C.DIAGNOSIS_UNKNOWN: Advice(
            _E,
            "{it} is no ICD-10-CM code on the date of service.",
            "Choose a code that was valid that day.",
        ),
        _C.DIAGNOSIS_NOT_BILLABLE: Advice(
            _E,
            "{it} is a category; payers want the exact code below it.",
            "Choose one of the codes under this category.",
        ),
        _C.DIAGNOSIS_MAYBE_UNKNOWN: Advice(
            _W,
            "{it} is not in our list, which does not cover the date of service.",
            "Check the code against that year's ICD-10-CM.",
        ),
        _C.DIAGNOSIS_MAYBE_NOT_BILLABLE: Advice(
            _W,
            "{it} is a category in our list, which does not cover the date of service.",
            "Check whether that year's ICD-10-CM wants a more exact code.",
        ),
        _C.EXTERNAL_CAUSE_FIRST: Advice(
            _E,
            "{it} is an external cause (V to Y), which is never listed first.",
            "List the condition first and the cause after it.",
        ),
        _C.CHARGE_NOT_POSITIVE: Advice(
            _E, "{it} is not above zero.", "Enter the charge of at least one line."
        ),
        _C.CHARGE_IS_NOT_THE_SUM: Advice(
            _E, "{it} is not the sum of the lines' charges.", "Make the total the exact sum."
        ),
        _C.AMOUNT_NEGATIVE: Advice(_E, "{it} is below zero.", "Enter an amount of 0.00 or more."),
        _C.AMOUNT_MALFORMED: Advice(
            _E,
            "{it} is no amount in whole cents, or too large for a claim.",
            "Enter dollars and cents.",
        ),
        _C.CLIENT_PAID_MORE: Advice(
            _W, "{it} is more than the whole charge.", "Check what the client paid."
        ),
        _C.LINES_MISSING: Advice(_E, "{it} are missing.", "Add at least one service line."),
        _C.LINES_TOO_MANY: Advice(
            _E, "{it}: this payer takes at most {limit} on a claim.", "Split the claim."
        ),
        _C.DATES_TOGETHER: Advice(
            _E, "{it} are several, and this payer takes one date a claim.", "Split it by date."
        ),
        _C.YEARS_TOGETHER: Advice(
            _W,
            "{it} lie in two calendar years, so that two deductibles meet on one claim.",
            "Split the claim at the new year.",
        ),
        _C.DAY_MISSING: Advice(_E, "{it} is missing.", "Enter the date of service."),
        _C.DAY_AHEAD: Advice(
            _E, "{it} is ahead of today.", "Correct it, or wait until the service has happened."
        ),
        _C.DAYS_REVERSED: Advice(_E, "{it} ends before it begins.", "Correct the two dates."),
        _C.DAY_BEFORE_BIRTH: Advice(
            _E, "{it} is before the client was born.", "Correct the date or the birth date."
        ),
        _C.FILED_LATE: Advice(
            _W,
            "{it} is past the payer's deadline for filing ({limit} days).",
            "Send it with proof of timely filing, or decide what becomes of it.",
        ),
        _C.PROCEDURE_MALFORMED: Advice(
            _E, "{it} does not have the form of a CPT or HCPCS code.", "Enter its five characters."
        ),
        _C.MODIFIERS_TOO_MANY: Advice(
            _E, "{it}: a line carries at most {limit}.", "Keep those the payer asks for."
        ),
        _C.MODIFIER_MALFORMED: Advice(
            _E, "{it} is not two capital letters or digits.", "Enter it again."
        ),
        _C.MODIFIER_TWICE: Advice(_W, "{it} is on the line twice.", "Remove one of the two."),
        _C.MODIFIER_REQUIRED: Advice(
            _E, "{it}: this payer wants one of {limit}.", "Add the one for the clinician's licence."
        ),
        _C.TELEHEALTH_MODIFIER_MISSING: Advice(
            _E, "{it}: this payer wants one of {limit} for telehealth.", "Add the modifier."
        ),
        _C.TELEHEALTH_MODIFIER_ELSEWHERE: Advice(
            _W,
            "{it} says telehealth, the place of service does not.",
            "Correct the place or the modifier; some payers do want it so.",
        ),
        _C.AUDIO_AND_VIDEO: Advice(
            _W, "{it} say both audio only and audio with video.", "Keep the one that is true."
        ),
        _C.UNITS_NOT_POSITIVE: Advice(_E, "{it} are not above zero.", "Enter the units, mostly 1."),
        _C.UNITS_MALFORMED: Advice(
            _E, "{it} are no number a claim can carry.", "Enter the units, mostly 1."
        ),
        _C.UNITS_SEVERAL: Advice(
            _W,
            "{it} are more than one for a code that is counted once a session.",
            "Enter 1 unit, or one line for each session.",
        ),
        _C.POINTER_MISSING: Advice(
            _E, "{it} point to no diagnosis.", "Choose the diagnosis that was treated."
        ),
        _C.POINTERS_TOO_MANY: Advice(
            _E, "{it}: a line points to at most {limit} diagnoses.", "Keep the main ones."
        ),
        _C.POINTER_BEYOND: Advice(
            _E, "{it} point to a diagnosis that is not on the claim.", "Choose one that is."
        ),
        _C.POINTER_TWICE: Advice(
            _E, "{it} point twice to the same diagnosis.", "Remove one of the two."
        ),
        _C.LINE_NUMBER_MISSING: Advice(
            _W,
            "{it} is missing; the payer's answer is then matched by code and date alone.",
            "Give each line its own number.",
        ),
        _C.LINE_NUMBER_LONG: Advice(
            _E, "{it} is longer than {limit} characters.", "Use a shorter number."
        ),
        _C.LINE_NUMBER_TWICE: Advice(
            _E, "{it} is on two lines of the claim.", "Give each line its own number."
        ),
        _C.ADD_ON_ALONE: Advice(
            _E,
            "{it} is an add-on and its base code is not there that day.",
            "Add the base code, or bill the code that stands alone.",
        ),
        _C.CODES_EXCLUDE: Advice(
            _E,
            "{it} stand for the same session and exclude each other.",
            "Keep the one for the time spent; for two sessions add modifier 59 to one.",
        ),
        _C.LINE_TWICE: Advice(
            _W,
            "{it} repeats an earlier line: same day, code and modifiers.",
            "Remove it, or mark a true second service with a modifier.",
        ),
        _C.OTHER_PAYER_MISSING: Advice(
            _E,
            "{it} is missing: this claim is not the first payer's.",
            "Add what the payer before decided, from its remittance.",
        ),
        _C.OTHER_PAYERS_TOO_MANY: Advice(
            _E, "{it}: a claim carries at most {limit}.", "Keep those that matter."
        ),
        _C.PAYER_TURN_TWICE: Advice(
            _E, "{it} is the same for two payers.", "Say which pays first, second, third."
        ),
        _C.NOT_DECIDED_BY_OTHER: Advice(
            _E,
            "{it} is missing: the payer before this one has not decided.",
            "Wait for its remittance, or enter it.",
        ),
        _C.DECISIONS_TOO_MANY: Advice(
            _E, "{it}: a line carries at most {limit}.", "Keep one for each payer."
        ),
        _C.DECISION_OF_A_STRANGER: Advice(
            _E,
            "{it} names a payer that is not among the claim's other payers.",
            "Use the payer ID of that other payer.",
        ),
        _C.DECIDED_TWICE: Advice(
            _E,
            "{it} of one reason are given for the claim and again for its lines.",
            "Give each amount once, best on its line.",
        ),
        _C.DECISION_DAY_MISSING: Advice(
            _E, "{it} is missing.", "Enter the date of that payer's remittance."
        ),
        _C.DECISION_DAY_IMPOSSIBLE: Advice(
            _E,
            "{it} is ahead of today or before the service.",
            "Enter the date of that payer's remittance.",
        ),
        _C.GROUP_UNKNOWN: Advice(
            _E, "{it} is none of CO, CR, OA, PI and PR.", "Copy it from the remittance."
        ),
        _C.REASON_MISSING: Advice(
            _E, "{it} is missing or too long.", "Copy the code from the remittance."
        ),
        _C.LINE_OUT_OF_BALANCE: Advice(
            _E,
            "{it}: paid and adjustments do not add up to the charge.",
            "Copy every amount of the line from the remittance.",
        ),
        _C.OTHER_OUT_OF_BALANCE: Advice(
            _E,
            "{it} does not agree with the lines and adjustments given.",
            "Copy every amount of the claim from the remittance.",
        ),
    }
)  # fmt: skip
