"""Judges of the practice's side: practice, billing profile, clinician, location."""

from collections.abc import Iterator, Mapping

from backoffice.rules.addresses import AddressFault, address_faults
from backoffice.rules.claim_facts import AddressFacts, EntityKind, TaxIdKind
from backoffice.rules.codes import PLACES_OF_SERVICE, TELEHEALTH_PLACES
from backoffice.rules.dates import UnknownTimeZone, time_zone
from backoffice.rules.identifiers import (
    MalformedPhone,
    clean_phone,
    npi_is_valid,
    taxonomy_is_well_formed,
)
from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.facts import (
    BillingProfileReadiness,
    ClinicianReadiness,
    LocationReadiness,
    PracticeReadiness,
)
from backoffice.rules.readiness.findings import Finding, finding
from backoffice.rules.readiness.vocabulary import Shape

_C = FindingCode

_BILLING_ADDRESS: Mapping[AddressFault, FindingCode] = {
    AddressFault.ABSENT: _C.PROFILE_ADDRESS_MISSING,
    AddressFault.STREET: _C.PROFILE_ADDRESS_INCOMPLETE,
    AddressFault.CITY: _C.PROFILE_ADDRESS_INCOMPLETE,
    AddressFault.STATE: _C.PROFILE_ADDRESS_INCOMPLETE,
    AddressFault.ZIP: _C.PROFILE_ADDRESS_INCOMPLETE,
    AddressFault.STATE_UNKNOWN: _C.PROFILE_ADDRESS_MALFORMED,
    AddressFault.ZIP_MALFORMED: _C.PROFILE_ADDRESS_MALFORMED,
    AddressFault.ZIP_NOT_NINE: _C.PROFILE_ZIP_NOT_NINE,
    AddressFault.POST_OFFICE_BOX: _C.PROFILE_POST_OFFICE_BOX,
}
_FACILITY_ADDRESS: Mapping[AddressFault, FindingCode] = {
    AddressFault.ABSENT: _C.LOCATION_ADDRESS_MISSING,
    AddressFault.STREET: _C.LOCATION_ADDRESS_INCOMPLETE,
    AddressFault.CITY: _C.LOCATION_ADDRESS_INCOMPLETE,
    AddressFault.STATE: _C.LOCATION_ADDRESS_INCOMPLETE,
    AddressFault.ZIP: _C.LOCATION_ADDRESS_INCOMPLETE,
    AddressFault.STATE_UNKNOWN: _C.LOCATION_ADDRESS_MALFORMED,
    AddressFault.ZIP_MALFORMED: _C.LOCATION_ADDRESS_MALFORMED,
    AddressFault.ZIP_NOT_NINE: _C.LOCATION_ZIP_NOT_NINE,
    AddressFault.POST_OFFICE_BOX: _C.LOCATION_POST_OFFICE_BOX,
}


def judge_practice(facts: PracticeReadiness) -> tuple[Finding, ...]:
    """Return what the practice itself lacks."""
    return tuple(map(finding, _of_practice(facts)))


def judge_billing_profile(facts: BillingProfileReadiness) -> tuple[Finding, ...]:
    """Return what a billing profile lacks to stand in Boxes 25 and 33."""
    return tuple(
        finding(code)
        for part in (_profile_names, _profile_numbers, _profile_reach)
        for code in part(facts)
    )


def judge_clinician(facts: ClinicianReadiness) -> tuple[Finding, ...]:
    """Return what a clinician lacks to stand in Box 24J."""
    codes = (*_clinician_identity(facts), *_clinician_supervision(facts))
    return tuple(map(finding, codes))


def judge_location(facts: LocationReadiness) -> tuple[Finding, ...]:
    """Return what a location lacks; its address counts only where a claim shows it (Box 32)."""
    return tuple(map(finding, _of_location(facts)))


def address_codes(
    address: AddressFacts | None,
    codes: Mapping[AddressFault, FindingCode],
    *,
    where_people_work: bool = False,
) -> tuple[FindingCode, ...]:
    """Return the codes of an address's faults, each once, in order."""
    faults = address_faults(address, where_people_work=where_people_work)
    return tuple(dict.fromkeys(codes[fault] for fault in faults if fault in codes))


def phone_is_malformed(phone: str) -> bool:
    """Tell whether there is a phone and it is none."""
    if not phone.strip():
        return False
    try:
        clean_phone(phone)
    except MalformedPhone:
        return True
    return False


def _of_practice(facts: PracticeReadiness) -> Iterator[FindingCode]:
    if not facts.billing_is_on:
        yield _C.PRACTICE_BILLING_OFF
    if not facts.name.strip():
        yield _C.PRACTICE_NAME_MISSING
    if not facts.phone.strip():
        yield _C.PRACTICE_PHONE_MISSING
    elif phone_is_malformed(facts.phone):
        yield _C.PRACTICE_PHONE_MALFORMED
    if any(address_faults(facts.address, where_people_work=False)):
        yield _C.PRACTICE_ADDRESS_INCOMPLETE
    yield from _practice_setting(facts)


def _practice_setting(facts: PracticeReadiness) -> Iterator[FindingCode]:
    try:
        time_zone(facts.time_zone)
    except UnknownTimeZone:
        yield _C.PRACTICE_TIME_ZONE_UNKNOWN
    if not facts.locations:
        yield _C.PRACTICE_LOCATION_MISSING
    if not facts.billing_profiles:
        yield _C.PRACTICE_PROFILE_MISSING


def _profile_names(facts: BillingProfileReadiness) -> Iterator[FindingCode]:
    if facts.kind is EntityKind.ORGANIZATION:
        if not facts.organization_name.strip():
            yield _C.PROFILE_NAME_MISSING
        return
    if not facts.last_name.strip():
        yield _C.PROFILE_NAME_MISSING
    if not facts.first_name.strip():
        yield _C.PROFILE_FIRST_NAME_MISSING


def _profile_numbers(facts: BillingProfileReadiness) -> Iterator[FindingCode]:
    yield from _npi(facts.npi, _C.PROFILE_NPI_MISSING, _C.PROFILE_NPI_MALFORMED)
    if facts.tax_id is Shape.ABSENT:
        yield _C.PROFILE_TAX_ID_MISSING
    else:
        yield from _tax_id(facts)
    yield from _taxonomy(facts.taxonomy, _C.PROFILE_TAXONOMY_MISSING, _C.PROFILE_TAXONOMY_MALFORMED)


def _tax_id(facts: BillingProfileReadiness) -> Iterator[FindingCode]:
    if facts.tax_id is Shape.MALFORMED:
        yield _C.PROFILE_TAX_ID_MALFORMED
    if facts.tax_id_kind is None:
        yield _C.PROFILE_TAX_ID_KIND_MISSING
    elif facts.tax_id_kind is TaxIdKind.SSN and facts.kind is EntityKind.ORGANIZATION:
        yield _C.PROFILE_SSN_OF_ORGANIZATION


def _profile_reach(facts: BillingProfileReadiness) -> Iterator[FindingCode]:
    yield from address_codes(facts.address, _BILLING_ADDRESS, where_people_work=True)
    if not facts.phone.strip():
        yield _C.PROFILE_PHONE_MISSING
    elif phone_is_malformed(facts.phone):
        yield _C.PROFILE_PHONE_MALFORMED
    if any(
        fault is not AddressFault.ABSENT
        for fault in address_faults(facts.pay_to, where_people_work=False)
    ):
        yield _C.PROFILE_PAY_TO_INCOMPLETE


def _clinician_identity(facts: ClinicianReadiness) -> Iterator[FindingCode]:
    if not facts.last_name.strip():
        yield _C.CLINICIAN_NAME_MISSING
    if not facts.first_name.strip():
        yield _C.CLINICIAN_FIRST_NAME_MISSING
    yield from _npi(facts.npi, _C.CLINICIAN_NPI_MISSING, _C.CLINICIAN_NPI_MALFORMED)
    if facts.npi and facts.npi in facts.organization_npis:
        yield _C.CLINICIAN_NPI_OF_ORGANIZATION
    yield from _taxonomy(
        facts.taxonomy, _C.CLINICIAN_TAXONOMY_MISSING, _C.CLINICIAN_TAXONOMY_MALFORMED
    )


def _clinician_supervision(facts: ClinicianReadiness) -> Iterator[FindingCode]:
    if not facts.is_supervised:
        return
    if not facts.supervisor_last_name.strip():
        yield _C.CLINICIAN_SUPERVISOR_MISSING
    elif not npi_is_valid(facts.supervisor_npi):
        yield _C.CLINICIAN_SUPERVISOR_NPI


def _of_location(facts: LocationReadiness) -> Iterator[FindingCode]:
    if not facts.place_of_service:
        yield _C.LOCATION_PLACE_MISSING
    elif facts.place_of_service not in PLACES_OF_SERVICE:
        yield _C.LOCATION_PLACE_UNKNOWN
    if facts.npi and not npi_is_valid(facts.npi):
        yield _C.LOCATION_NPI_MALFORMED
    if facts.facility_shown:
        yield from _shown_facility(facts)
    elif not facts.at_billing_address and facts.place_of_service not in TELEHEALTH_PLACES:
        yield _C.LOCATION_BOX_32_OFF


def _shown_facility(facts: LocationReadiness) -> Iterator[FindingCode]:
    if not facts.name.strip():
        yield _C.LOCATION_NAME_MISSING
    for code in address_codes(facts.address, _FACILITY_ADDRESS, where_people_work=True):
        remote = facts.place_of_service in TELEHEALTH_PLACES
        nowhere = code is _C.LOCATION_ADDRESS_MISSING
        yield _C.LOCATION_TELEHEALTH_ADDRESS if remote and nowhere else code


def _npi(npi: str, missing: FindingCode, malformed: FindingCode) -> Iterator[FindingCode]:
    if not npi:
        yield missing
    elif not npi_is_valid(npi):
        yield malformed


def _taxonomy(taxonomy: str, missing: FindingCode, malformed: FindingCode) -> Iterator[FindingCode]:
    if not taxonomy:
        yield missing
    elif not taxonomy_is_well_formed(taxonomy):
        yield malformed
