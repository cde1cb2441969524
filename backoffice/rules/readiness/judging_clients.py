"""Judges of the client's side: client, policy, enrollment, authorization."""

from collections.abc import Iterator, Mapping
from datetime import date

from backoffice.rules.addresses import AddressFault
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.codes import (
    FILING_CODES,
    MEDICARE_FILING_CODES,
    MEDICARE_SECONDARY_TYPES,
    RELATIONSHIPS,
    SELF,
)
from backoffice.rules.dates import days_left
from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.facts import (
    AuthorizationReadiness,
    ClientReadiness,
    EnrollmentReadiness,
    InsuredReadiness,
    PolicyReadiness,
)
from backoffice.rules.readiness.findings import Finding, finding
from backoffice.rules.readiness.judging_practices import address_codes, phone_is_malformed
from backoffice.rules.readiness.vocabulary import (
    BillingType,
    EnrollmentKind,
    EnrollmentStatus,
    Shape,
)

_C = FindingCode
_S = EnrollmentStatus
USES_LEFT_TO_WARN = 2
DAYS_LEFT_TO_WARN = 14

_CLIENT_ADDRESS: Mapping[AddressFault, FindingCode] = {
    AddressFault.ABSENT: _C.CLIENT_ADDRESS_MISSING,
    AddressFault.STREET: _C.CLIENT_ADDRESS_INCOMPLETE,
    AddressFault.CITY: _C.CLIENT_ADDRESS_INCOMPLETE,
    AddressFault.STATE: _C.CLIENT_ADDRESS_INCOMPLETE,
    AddressFault.ZIP: _C.CLIENT_ADDRESS_INCOMPLETE,
    AddressFault.STATE_UNKNOWN: _C.CLIENT_ADDRESS_MALFORMED,
    AddressFault.ZIP_MALFORMED: _C.CLIENT_ADDRESS_MALFORMED,
}
_INSURED_ADDRESS: Mapping[AddressFault, FindingCode] = {
    fault: _C.POLICY_INSURED_ADDRESS_MISSING
    if fault is AddressFault.ABSENT
    else _C.POLICY_INSURED_ADDRESS_WRONG
    for fault in AddressFault
}

# Not Required, and Accepted, lack nothing. A claims enrollment holds what rests on it; payment
# reports only change how money is posted, so they warn; submitted, they are merely under way.
_ENROLLMENT: Mapping[tuple[EnrollmentKind, EnrollmentStatus], FindingCode] = {
    (EnrollmentKind.CLAIMS, _S.TO_ENROLL): _C.CLAIMS_TO_ENROLL,
    (EnrollmentKind.CLAIMS, _S.SUBMITTED): _C.CLAIMS_ENROLLMENT_SUBMITTED,
    (EnrollmentKind.CLAIMS, _S.DOCUMENT_REQUIRED): _C.CLAIMS_ENROLLMENT_DOCUMENT,
    (EnrollmentKind.CLAIMS, _S.REJECTED): _C.CLAIMS_ENROLLMENT_REJECTED,
    (EnrollmentKind.CLAIMS, _S.NOT_SUPPORTED): _C.CLAIMS_NOT_SUPPORTED,
    (EnrollmentKind.CLAIMS, _S.NO_CLIENTS_ON_FILE): _C.CLAIMS_NO_CLIENTS_ON_FILE,
    (EnrollmentKind.REMITTANCES, _S.TO_ENROLL): _C.ERA_TO_ENROLL,
    (EnrollmentKind.REMITTANCES, _S.DOCUMENT_REQUIRED): _C.ERA_ENROLLMENT_DOCUMENT,
    (EnrollmentKind.REMITTANCES, _S.REJECTED): _C.ERA_ENROLLMENT_REJECTED,
    (EnrollmentKind.REMITTANCES, _S.NOT_SUPPORTED): _C.ERA_NOT_SUPPORTED,
    (EnrollmentKind.REMITTANCES, _S.NO_CLIENTS_ON_FILE): _C.ERA_NO_CLIENTS_ON_FILE,
}


def judge_client(facts: ClientReadiness) -> tuple[Finding, ...]:
    """Return what a client's own data lack (Boxes 2, 3 and 5)."""
    return tuple(map(finding, (*_client_person(facts), *_client_reach(facts))))


def judge_policy(facts: PolicyReadiness) -> tuple[Finding, ...]:
    """Return what a policy, its insured person and its payer lack (Boxes 1a to 11)."""
    return tuple(
        finding(code)
        for part in (_payer, _membership, _policy_state, _medicare)
        for code in part(facts)
    )


def judge_enrollment(facts: EnrollmentReadiness) -> tuple[Finding, ...]:
    """Return what stands between an enrollment and its acceptance."""
    code = _ENROLLMENT.get((facts.kind, facts.status))
    return (finding(code),) if code else ()


def judge_authorization(facts: AuthorizationReadiness, *, on: date) -> tuple[Finding, ...]:
    """Return what an authorization lacks on a day; whether it covers a session, the session says.

    One that isn't active goes on no claim and lacks nothing.
    """
    return tuple(map(finding, _of_authorization(facts, on))) if facts.is_active else ()


def _client_person(facts: ClientReadiness) -> Iterator[FindingCode]:
    if not facts.last_name.strip():
        yield _C.CLIENT_NAME_MISSING
    if not facts.first_name.strip():
        yield _C.CLIENT_FIRST_NAME_MISSING
    if facts.birth_date is Shape.ABSENT:
        yield _C.CLIENT_BIRTH_DATE_MISSING
    elif facts.birth_date is Shape.MALFORMED:
        yield _C.CLIENT_BIRTH_DATE_MALFORMED
    if facts.sex is None:
        yield _C.CLIENT_SEX_MISSING


def _client_reach(facts: ClientReadiness) -> Iterator[FindingCode]:
    yield from address_codes(facts.address, _CLIENT_ADDRESS)
    if not facts.phone.strip():
        yield _C.CLIENT_PHONE_MISSING
    elif phone_is_malformed(facts.phone):
        yield _C.CLIENT_PHONE_MALFORMED
    if facts.billing_type is not BillingType.INSURANCE:
        yield _C.CLIENT_NOT_INSURANCE
        return
    if not facts.has_policy:
        yield _C.CLIENT_POLICY_MISSING
    if not facts.may_be_billed:
        yield _C.CLIENT_CONSENT_MISSING


def _payer(facts: PolicyReadiness) -> Iterator[FindingCode]:
    payer = facts.payer
    if payer is None:
        yield _C.POLICY_PAYER_MISSING
        return
    if not payer.payer_id.strip():
        yield _C.POLICY_PAYER_ID_MISSING
    if payer.filing_code not in FILING_CODES:
        yield _C.POLICY_FILING_CODE_UNKNOWN
    if payer.local_states and facts.practice_state not in payer.local_states:
        yield _C.POLICY_NOT_LOCAL_PLAN


def _membership(facts: PolicyReadiness) -> Iterator[FindingCode]:
    if facts.member_id is Shape.ABSENT:
        yield _C.POLICY_MEMBER_ID_MISSING
    elif facts.member_id is Shape.MALFORMED:
        yield _C.POLICY_MEMBER_ID_MALFORMED
    if not facts.relationship:
        yield _C.POLICY_RELATIONSHIP_MISSING
    elif facts.relationship not in RELATIONSHIPS:
        yield _C.POLICY_RELATIONSHIP_UNKNOWN
    elif facts.relationship != SELF:
        yield from _insured(facts.insured or InsuredReadiness())


def _insured(insured: InsuredReadiness) -> Iterator[FindingCode]:
    if not (insured.last_name.strip() and insured.first_name.strip()):
        yield _C.POLICY_INSURED_NAME_MISSING
    if insured.birth_date is Shape.ABSENT:
        yield _C.POLICY_INSURED_BIRTH_MISSING
    elif insured.birth_date is Shape.MALFORMED:
        yield _C.POLICY_INSURED_BIRTH_MALFORMED
    if insured.sex is None:
        yield _C.POLICY_INSURED_SEX_MISSING
    yield from address_codes(insured.address, _INSURED_ADDRESS)


def _policy_state(facts: PolicyReadiness) -> Iterator[FindingCode]:
    if facts.first_day and facts.last_day and facts.last_day < facts.first_day:
        yield _C.POLICY_DATES_REVERSED
    if facts.needs_review:
        yield _C.POLICY_NEEDS_REVIEW
    if facts.same_order:
        yield _C.POLICY_ORDER_TAKEN
    if facts.order is not PayerOrder.PRIMARY and not facts.has_primary:
        yield _C.POLICY_PRIMARY_MISSING


def _medicare(facts: PolicyReadiness) -> Iterator[FindingCode]:
    is_medicare = facts.payer is not None and facts.payer.filing_code in MEDICARE_FILING_CODES
    asked = is_medicare and facts.order is not PayerOrder.PRIMARY
    if asked and not facts.insurance_type:
        yield _C.POLICY_MEDICARE_TYPE_MISSING
    elif asked and facts.insurance_type not in MEDICARE_SECONDARY_TYPES:
        yield _C.POLICY_MEDICARE_TYPE_UNKNOWN
    elif facts.insurance_type and not asked:
        yield _C.POLICY_MEDICARE_TYPE_UNEXPECTED


def _of_authorization(facts: AuthorizationReadiness, on: date) -> Iterator[FindingCode]:
    if facts.number_required and not facts.number.strip():
        yield _C.AUTHORIZATION_NUMBER_MISSING
    if facts.first_day and facts.last_day and facts.last_day < facts.first_day:
        yield _C.AUTHORIZATION_DATES_REVERSED
    elif facts.last_day and days_left(facts.last_day, on) <= DAYS_LEFT_TO_WARN:
        yield _C.AUTHORIZATION_EXPIRING
    yield from _uses(facts)
    if facts.other_active:
        yield _C.AUTHORIZATION_SEVERAL_ACTIVE


def _uses(facts: AuthorizationReadiness) -> Iterator[FindingCode]:
    if facts.uses_allowed is None:
        return
    if facts.uses_allowed < 1:
        yield _C.AUTHORIZATION_USES_WRONG
    elif facts.uses_allowed - facts.uses_taken <= USES_LEFT_TO_WARN:
        yield _C.AUTHORIZATION_NEARLY_USED
