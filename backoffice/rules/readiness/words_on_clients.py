"""Findings of a client, its policies, enrollments and authorizations, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.kinds import FindingKind, Kinds, entered_on, supplied_by
from backoffice.rules.readiness.vocabulary import Screen, Subject, Supplier

_C = FindingCode
_client = Kinds(Subject.CLIENT, Supplier.PRACTICE)
_policy = Kinds(Subject.POLICY, Supplier.PRACTICE)
_enrollment = Kinds(Subject.ENROLLMENT, Supplier.US)
_authorization = Kinds(Subject.AUTHORIZATION, Supplier.PRACTICE)

_ON_THE_CARD = "The payer finds the member by it"
_CARD = "Copy it from the insurance card"
_ALL_PARTS = "Enter street, city, state and ZIP"

WORDS_ON_CLIENTS: Final[Mapping[FindingCode, FindingKind]] = MappingProxyType(
    {
        _C.CLIENT_NAME_MISSING: _client.missing(
            "last_name", "Last name", "The last name is missing",
            "It must be as on the member ID card (Box 2)", _CARD,
        ),
        _C.CLIENT_FIRST_NAME_MISSING: _client.missing(
            "first_name", "First name", "The first name is missing",
            "It must be as on the member ID card (Box 2)", _CARD,
        ),
        _C.CLIENT_BIRTH_DATE_MISSING: _client.missing(
            "birth_date", "Birth date", "The birth date is missing",
            "The payer finds the client by it (Box 3)", "Ask the client",
        ),
        _C.CLIENT_BIRTH_DATE_MALFORMED: _client.missing(
            "birth_date", "Birth date", "The birth date can't be right",
            "The payer finds the client by it (Box 3)", "Ask the client and enter it again",
        ),
        _C.CLIENT_SEX_MISSING: _client.missing(
            "sex", "Sex on file with the payer", "The sex on file with the payer is missing",
            "The claim carries what the payer has, whatever the gender identity (Box 3)",
            "Choose what the payer has on file",
        ),
        _C.CLIENT_ADDRESS_MISSING: _client.missing(
            "address", "Address", "The address is missing",
            "The claim carries it (Box 5)", _ALL_PARTS,
        ),
        _C.CLIENT_ADDRESS_INCOMPLETE: _client.missing(
            "address", "Address", "The address is incomplete",
            "The claim carries all of it (Box 5)", _ALL_PARTS,
        ),
        _C.CLIENT_ADDRESS_MALFORMED: _client.missing(
            "address", "Address", "The address has a wrong state or ZIP",
            "Clearinghouses check both (Box 5)", "Enter the two-letter state and the ZIP again",
        ),
        _C.CLIENT_PHONE_MISSING: _client.warning(
            "phone", "Phone", "The phone is missing",
            "The paper form asks for it (Box 5); an electronic claim goes without",
            "Ask the client",
        ),
        _C.CLIENT_PHONE_MALFORMED: _client.warning(
            "phone", "Phone", "The phone is no phone number",
            "The paper form asks for it (Box 5); an electronic claim goes without",
            "Enter area code and number",
        ),
        _C.CLIENT_NOT_INSURANCE: _client.missing(
            "billing_type", "Billing type", "The client's billing type is not insurance",
            "Claims are for clients who use their insurance",
            "Set the billing type to insurance, or mark the session self-pay",
        ),
        _C.CLIENT_POLICY_MISSING: _client.missing(
            "has_policy", "Policies", "The client has no policy",
            "A claim goes to the payer of a policy", "Add the policy from the insurance card",
        ),
        _C.CLIENT_CONSENT_MISSING: entered_on(
            _client.missing(
                "may_be_billed", "Consent", "No consent to tell the payer holds",
                "Records of substance use treatment (42 CFR Part 2) leave only with the client's "
                "written consent",
                "Have the client sign one for treatment, payment and operations, and write it down",
            ),
            Screen.CONSENTS,
        ),
        _C.POLICY_PAYER_MISSING: supplied_by(
            _policy.missing(
                "payer", "Payer", "The policy is not linked to a payer",
                "A claim needs an addressee", "Choose the payer from the list",
            ),
            Supplier.US,
        ),
        _C.POLICY_PAYER_ID_MISSING: entered_on(
            supplied_by(
                _policy.missing(
                    "payer.payer_id", "Payer ID", "The payer has no payer ID",
                    "Electronic claims are routed by it", "Look it up in the clearinghouse's list",
                ),
                Supplier.US,
            ),
            Screen.PAYER,
        ),
        _C.POLICY_FILING_CODE_UNKNOWN: entered_on(
            supplied_by(
                _policy.missing(
                    "payer.filing_code", "Kind of plan", "The payer's kind of plan is no code",
                    "The claim says what kind of plan pays", "Choose the kind from the list",
                ),
                Supplier.US,
            ),
            Screen.PAYER,
        ),
        _C.POLICY_NOT_LOCAL_PLAN: supplied_by(
            _policy.warning(
                "payer", "Payer", "The payer is not the plan local to the practice",
                "Blue plans take claims where the service was, whatever the client's own plan",
                "Choose the local plan and keep the member ID with its prefix",
            ),
            Supplier.US,
        ),
        _C.POLICY_MEMBER_ID_MISSING: _policy.missing(
            "member_id", "Member ID", "The member ID is missing", _ON_THE_CARD + " (Box 1a)", _CARD,
        ),
        _C.POLICY_MEMBER_ID_MALFORMED: _policy.missing(
            "member_id", "Member ID", "The member ID does not look like this payer's",
            _ON_THE_CARD + " (Box 1a)",
            "Compare it with the insurance card: no spaces, no dashes, its prefix included",
        ),
        _C.POLICY_RELATIONSHIP_MISSING: _policy.missing(
            "relationship", "Relationship to insured", "The relationship to the insured is missing",
            "The payer must know whose policy it is (Box 6)", "Choose self or another",
        ),
        _C.POLICY_RELATIONSHIP_UNKNOWN: _policy.missing(
            "relationship", "Relationship to insured", "The relationship to the insured is no code",
            "The payer must know whose policy it is (Box 6)", "Choose one from the list",
        ),
        _C.POLICY_INSURED_NAME_MISSING: _policy.missing(
            "insured.name", "Insured's name", "The insured's name is missing",
            _ON_THE_CARD + " (Box 4)", _CARD,
        ),
        _C.POLICY_INSURED_BIRTH_MISSING: _policy.warning(
            "insured.birth_date", "Insured's birth date", "The insured's birth date is missing",
            "Some payers find the member by it (Box 11a)", "Ask the client",
        ),
        _C.POLICY_INSURED_BIRTH_MALFORMED: _policy.missing(
            "insured.birth_date", "Insured's birth date", "The insured's birth date can't be right",
            "Some payers find the member by it (Box 11a)", "Ask the client and enter it again",
        ),
        _C.POLICY_INSURED_SEX_MISSING: _policy.warning(
            "insured.sex", "Insured's sex", "The insured's sex is missing",
            "The claim carries it beside the birth date (Box 11a)",
            "Choose what the payer has on file",
        ),
        _C.POLICY_INSURED_ADDRESS_MISSING: _policy.warning(
            "insured.address", "Insured's address", "The insured's address is missing",
            "The paper form asks for it (Box 7)", _ALL_PARTS,
        ),
        _C.POLICY_INSURED_ADDRESS_WRONG: _policy.missing(
            "insured.address", "Insured's address", "The insured's address is incomplete or wrong",
            "An address is sent whole or not at all (Box 7)", _ALL_PARTS,
        ),
        _C.POLICY_DATES_REVERSED: _policy.missing(
            "last_day", "Coverage dates", "The policy ends before it begins",
            "The policy is picked by the date of service", "Correct the two dates",
        ),
        _C.POLICY_NEEDS_REVIEW: supplied_by(
            _policy.holding(
                "needs_review", "Review", "Policy to review",
                "What a client entered is compared with the card before it is billed",
                "Compare it with the card and confirm it",
            ),
            Supplier.US,
        ),
        _C.POLICY_ORDER_TAKEN: supplied_by(
            _policy.warning(
                "order", "Payer order", "Another policy pays in the same turn",
                "The claim says who pays first", "Say which policy is primary",
            ),
            Supplier.US,
        ),
        _C.POLICY_PRIMARY_MISSING: _policy.missing(
            "order", "Payer order", "There is no primary policy before this one",
            "A secondary payer wants the primary's decision",
            "Add the primary policy, or make this one primary",
        ),
        _C.POLICY_MEDICARE_TYPE_MISSING: _policy.missing(
            "insurance_type", "Why Medicare is second", "Why Medicare pays second is missing",
            "Medicare asks for the reason", "Choose the reason",
        ),
        _C.POLICY_MEDICARE_TYPE_UNKNOWN: _policy.missing(
            "insurance_type", "Why Medicare is second", "Why Medicare pays second is no code",
            "Medicare asks for one of its reasons", "Choose the reason from the list",
        ),
        _C.POLICY_MEDICARE_TYPE_UNEXPECTED: _policy.missing(
            "insurance_type", "Why Medicare is second", "A reason is given, but it is not asked",
            "Only Medicare as secondary payer takes it", "Clear the reason",
        ),
        _C.CLAIMS_TO_ENROLL: _enrollment.holding(
            "status", "Claim filing", "Enrollment",
            "This payer takes no electronic claims before it has agreed to",
            "Start the enrollment; a paper claim avoids the wait",
        ),
        _C.CLAIMS_ENROLLMENT_SUBMITTED: _enrollment.holding(
            "status", "Claim filing", "Enrollment submitted",
            "This payer takes no electronic claims before it has agreed to",
            "Wait for the payer, or upload proof that it has accepted",
        ),
        _C.CLAIMS_ENROLLMENT_DOCUMENT: supplied_by(
            _enrollment.holding(
                "status", "Claim filing", "Enrollment needs a document",
                "The payer waits for it, for as long as it takes",
                "Sign the payer's form and upload it",
            ),
            Supplier.PRACTICE,
        ),
        _C.CLAIMS_ENROLLMENT_REJECTED: _enrollment.holding(
            "status", "Claim filing", "Enrollment rejected",
            "Often NPI, tax ID or address differ from the payer's, or another clearinghouse is on "
            "file", "Read the payer's reason, correct it and enroll again",
        ),
        _C.CLAIMS_NOT_SUPPORTED: _enrollment.holding(
            "status", "Claim filing", "No electronic claims",
            "This payer takes no electronic claims", "File it on paper, or mark it filed elsewhere",
        ),
        _C.CLAIMS_NO_CLIENTS_ON_FILE: _enrollment.holding(
            "status", "Claim filing", "Enrollment needs a client",
            "At least one client must use this payer", "Add the payer to a client's policy",
        ),
        _C.ERA_TO_ENROLL: _enrollment.warning(
            "status", "Payment reports", "Payment reports are not enrolled",
            "Without them payments are posted from paper", "Start the enrollment",
        ),
        _C.ERA_ENROLLMENT_DOCUMENT: supplied_by(
            _enrollment.warning(
                "status", "Payment reports", "Payment reports need a document",
                "The payer waits for it", "Sign the payer's form and upload it",
            ),
            Supplier.PRACTICE,
        ),
        _C.ERA_ENROLLMENT_REJECTED: _enrollment.warning(
            "status", "Payment reports", "Payment reports were rejected",
            "Without them payments are posted from paper", "Correct the cause and enroll again",
        ),
        _C.ERA_NOT_SUPPORTED: supplied_by(
            _enrollment.warning(
                "status", "Payment reports", "No payment reports from this payer",
                "Payments are posted from EOB documents", "Send us copies of the EOBs",
            ),
            Supplier.PRACTICE,
        ),
        _C.ERA_NO_CLIENTS_ON_FILE: _enrollment.warning(
            "status", "Payment reports", "Payment reports need a client",
            "At least one client must use this payer", "Add the payer to a client's policy",
        ),
        _C.AUTHORIZATION_NUMBER_MISSING: _authorization.holding(
            "number", "Authorization number", "Authorization number",
            "This payer wants the number on the claim (Box 23)", "Enter the payer's number",
        ),
        _C.AUTHORIZATION_DATES_REVERSED: _authorization.missing(
            "last_day", "Valid through", "The authorization ends before it begins",
            "It counts for sessions between its dates", "Correct the two dates",
        ),
        _C.AUTHORIZATION_USES_WRONG: _authorization.missing(
            "uses_allowed", "Number of uses", "The number of uses is not above zero",
            "Sessions are counted against it", "Enter the uses the payer allowed",
        ),
        _C.AUTHORIZATION_NEARLY_USED: _authorization.warning(
            "uses_taken", "Number of uses", "The authorization is nearly used up",
            "Sessions after the last use are denied", "Ask the payer for more sessions",
        ),
        _C.AUTHORIZATION_EXPIRING: _authorization.warning(
            "last_day", "Valid through", "The authorization ends soon or has ended",
            "Sessions after its last day are denied", "Ask the payer for a new one",
        ),
        _C.AUTHORIZATION_SEVERAL_ACTIVE: supplied_by(
            _authorization.warning(
                "is_active", "Active", "Several authorizations are active",
                "Only the active one goes on the claim (Box 23)", "Keep one active",
            ),
            Supplier.US,
        ),
    }
)  # fmt: skip
