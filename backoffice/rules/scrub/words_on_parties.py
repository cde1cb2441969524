"""Words and cures for the claim's head, its parties and its coverage."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backoffice.rules.scrub.codes import Advice, ScrubCode, Severity

_E, _W = Severity.ERROR, Severity.WARNING
_C = ScrubCode

WORDS_ON_PARTIES: Final[Mapping[ScrubCode, Advice]] = MappingProxyType(
    {
        _C.MISSING: Advice(_E, "{it} is missing.", "Fill it in."),
        _C.TOO_LONG: Advice(_E, "{it} is longer than {limit} characters.", "Shorten it."),
        _C.NOT_WRITABLE: Advice(
            _E,
            "{it} holds characters that no claim file can carry.",
            "Write it in plain letters, digits and common signs.",
        ),
        _C.CODE_UNKNOWN: Advice(
            _E, "{it} is none of the codes payers know.", "Choose one from the list."
        ),
        _C.FILE_MODE_DIFFERS: Advice(
            _E,
            "{it} is marked test where production is meant, or the other way round.",
            "Send test files with the test key, production files with the production key.",
        ),
        _C.AGREEMENT_MISSING: Advice(
            _E,
            "{it} is not in force: nothing of this practice's clients may leave.",
            "An administrator enters its days under Compliance, Agreements.",
        ),
        _C.CONSENT_MISSING: Advice(
            _E,
            "{it} to disclosure for treatment, payment and operations does not hold today, and "
            "the client's records are under 42 CFR Part 2.",
            "Record the signed consent on the client's page, under Consents.",
        ),
        _C.PCN_TOO_LONG: Advice(
            _E,
            "{it} is longer than {limit} characters: payers cut it and answers find no claim.",
            "Use a shorter number; 17 letters and digits are safe.",
        ),
        _C.PCN_LONG: Advice(
            _W, "{it} is longer than {limit} characters; some payers cut it.", "Shorten it."
        ),
        _C.PCN_CHARACTERS: Advice(
            _W,
            "{it} holds something other than capital letters and digits.",
            "Use A to Z and 0 to 9 only: other signs often come back changed.",
        ),
        _C.FREQUENCY_UNKNOWN: Advice(
            _E,
            "{it} is not 1 (original), 7 (replacement) or 8 (void).",
            "Choose one of the three; most payers refuse any other.",
        ),
        _C.PAYER_NUMBER_MISSING: Advice(
            _E,
            "{it} is missing, and a replacement or void names the claim it is about.",
            "Enter the payer's number from the remittance or the 277CA, not ours and not the "
            "clearinghouse's. If the claim was rejected, send it as an original.",
        ),
        _C.PAYER_NUMBER_UNEXPECTED: Advice(
            _W,
            "{it} stands on an original claim.",
            "Take it out, or send the claim as a replacement (7) or void (8).",
        ),
        _C.PLACE_UNKNOWN: Advice(
            _E, "{it} is no place of service code.", "Choose a place: 11, 10, 02 ..."
        ),
        _C.TELEHEALTH_PLACE: Advice(
            _E,
            "{it} is a telehealth place that this payer does not take.",
            "Use the place this payer wants for telehealth; see the payer's rules.",
        ),
        _C.AUTHORIZATION_MISSING: Advice(
            _E, "{it} is missing and this payer asks for one.", "Add the authorization."
        ),
        _C.REFERRAL_MISSING: Advice(
            _E, "{it} is missing and this payer asks for one.", "Add the referral number."
        ),
        _C.SUPERVISOR_MISSING: Advice(
            _E,
            "{it} is missing and this payer asks for one.",
            "Name the supervisor on the clinician's page.",
        ),
        _C.ACCIDENT_DATE_MISSING: Advice(
            _E, "{it} is missing or ahead of today.", "Enter the day of the accident."
        ),
        _C.ACCIDENT_STATE_MISSING: Advice(
            _E,
            "{it} is missing or no state.",
            "Enter the state in which the auto accident happened.",
        ),
        _C.TRACE_LONG: Advice(
            _W,
            "{it} is longer than {limit} characters; some receivers cut it.",
            "Use a shorter trace number.",
        ),
        _C.NAME_MISSING: Advice(_E, "{it} is missing.", "Enter the name as the payer has it."),
        _C.FIRST_NAME_MISSING: Advice(
            _W, "{it} is missing.", "Enter it, unless the person truly has one name only."
        ),
        _C.NPI_MISSING: Advice(
            _E, "{it} is missing.", "Enter the ten digits; the NPI registry lists them."
        ),
        _C.NPI_MALFORMED: Advice(
            _E, "{it} is not ten digits beginning with 1 or 2.", "Copy it from the NPI registry."
        ),
        _C.NPI_CHECK_DIGIT: Advice(
            _E,
            "{it} fails its check digit: a digit is wrong or two are swapped.",
            "Copy it again from the NPI registry.",
        ),
        _C.NPI_OF_ANOTHER_KIND: Advice(
            _E,
            "{it} is the same number for a person and an organization.",
            "Enter the clinician's own NPI (type 1) here; the practice's is type 2.",
        ),
        _C.TAXONOMY_MISSING: Advice(
            _E, "{it} is missing and this payer asks for it.", "Copy it from the NPI registry."
        ),
        _C.TAXONOMY_ADVISED: Advice(
            _W,
            "{it} is missing; payers that decide by it deny the claim.",
            "Copy it from the NPI registry.",
        ),
        _C.TAXONOMY_MALFORMED: Advice(
            _E,
            "{it} is not ten characters ending in X.",
            "Copy the code, such as 000000000X in form, from the NPI registry.",
        ),
        _C.TAX_ID_MALFORMED: Advice(_E, "{it} is not nine digits.", "Enter the EIN or SSN again."),
        _C.TAX_ID_KIND_MISSING: Advice(
            _E, "{it} does not say whether it is an EIN or an SSN.", "Choose EIN or SSN."
        ),
        _C.SSN_OF_AN_ORGANIZATION: Advice(
            _W,
            "{it} is an SSN although the billing provider is an organization.",
            "Enter the organization's EIN, or bill as an individual.",
        ),
        _C.PHONE_MALFORMED: Advice(
            _E,
            "{it} is not ten digits, or its area or exchange begins with 0 or 1.",
            "Enter area code and number.",
        ),
        _C.RENDERING_MISSING: Advice(
            _W,
            "{it} is missing and the billing provider is an organization.",
            "Name the clinician who saw the client.",
        ),
        _C.RENDERING_IS_BILLING: Advice(
            _W,
            "{it} repeats the billing provider.",
            "Leave the rendering provider out when it is the billing provider.",
        ),
        _C.FACILITY_IS_BILLING: Advice(
            _W,
            "{it} repeats the billing address.",
            "Leave the service facility out when services happen at the billing address.",
        ),
        _C.FACILITY_HAS_NO_PLACE: Advice(
            _E,
            "{it} is missing: a telehealth claim that names a facility needs its street address.",
            "Enter the location's physical address, or switch Box 32 off.",
        ),
        _C.ADDRESS_MISSING: Advice(_E, "{it} is missing.", "Enter street, city, state and ZIP."),
        _C.ADDRESS_INCOMPLETE: Advice(
            _E, "{it} lacks its {limit}.", "Complete it: street, city, state and ZIP."
        ),
        _C.STATE_UNKNOWN: Advice(
            _E, "{it} has a state that is no US state.", "Use the two-letter code."
        ),
        _C.ZIP_MALFORMED: Advice(
            _E, "{it} has a ZIP of neither five nor nine digits.", "Enter the ZIP again."
        ),
        _C.ZIP_NOT_NINE: Advice(
            _E,
            "{it} has only five digits of its ZIP; here all nine are asked for.",
            "Look up the ZIP+4 at the post office and enter nine digits.",
        ),
        _C.POST_OFFICE_BOX: Advice(
            _E,
            "{it} is a post office box or lockbox.",
            "Enter the street address here and the box as pay-to address.",
        ),
        _C.BIRTH_DATE_MISSING: Advice(_E, "{it} is missing.", "Enter it as the payer has it."),
        _C.BIRTH_DATE_IMPOSSIBLE: Advice(
            _E, "{it} is ahead of today or more than 130 years ago.", "Enter it again."
        ),
        _C.SEX_MISSING: Advice(
            _E, "{it} is missing or not M, F or U.", "Choose what the payer has on file."
        ),
        _C.MEMBER_ID_MISSING: Advice(_E, "{it} is missing.", "Copy it from the insurance card."),
        _C.MEMBER_ID_SEPARATED: Advice(
            _W,
            "{it} has spaces, dashes or other signs in it.",
            "Enter letters and digits only, without spaces or dashes.",
        ),
        _C.MEMBER_ID_SHORT: Advice(
            _E, "{it} has fewer than two characters.", "Copy it from the insurance card."
        ),
        _C.MEMBER_ID_PATTERN: Advice(
            _E,
            "{it} does not look like this payer's member ids.",
            "Compare it with the insurance card, prefix letters included.",
        ),
        _C.RELATIONSHIP_MISSING: Advice(
            _E,
            "{it} is missing, so nobody can tell who the client is.",
            "Choose self, or the relationship and enter the client.",
        ),
        _C.CLIENT_IS_NOT_THE_INSURED: Advice(
            _E,
            "{it} is self, yet client and insured differ in name or birth date.",
            "Choose the true relationship, or correct one of the two.",
        ),
        _C.CLIENT_IS_THE_INSURED: Advice(
            _W,
            "{it} is not self, yet client and insured are the same person.",
            "Choose self when the client is the member.",
        ),
        _C.PAYER_ID_MISSING: Advice(
            _E, "{it} is missing.", "Choose the payer from the clearinghouse's list."
        ),
        _C.GROUP_NAME_BESIDE_NUMBER: Advice(
            _W, "{it} is given beside the group number.", "Give the name only without a number."
        ),
        _C.MEDICARE_TYPE_MISSING: Advice(
            _E,
            "{it} is missing: Medicare asks why it pays second.",
            "Choose the reason on the policy.",
        ),
        _C.MEDICARE_TYPE_UNEXPECTED: Advice(
            _E, "{it} is only for Medicare paying second.", "Clear it on the policy."
        ),
    }
)  # fmt: skip
