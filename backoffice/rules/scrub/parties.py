"""Judges of who stands on the claim: billing provider, other providers, facility."""

from collections.abc import Mapping

from backoffice.rules.addresses import AddressFault, address_faults, same_address
from backoffice.rules.claim_facts import (
    AddressFacts,
    BillingFacts,
    ClaimFacts,
    EntityKind,
    FacilityFacts,
    ProviderFacts,
    TaxIdKind,
)
from backoffice.rules.codes import TELEHEALTH_PLACES
from backoffice.rules.identifiers import (
    MalformedTaxId,
    NpiFault,
    clean_tax_id,
    npi_fault,
    phone_is_valid,
    taxonomy_is_well_formed,
)
from backoffice.rules.payer_rules import PayerScrubRules
from backoffice.rules.scrub.codes import ScrubCode
from backoffice.rules.scrub.findings import Place, found
from backoffice.rules.scrub.texts import (
    LONGEST_CITY,
    LONGEST_FIRST_NAME,
    LONGEST_MIDDLE_NAME,
    LONGEST_NAME,
    LONGEST_STREET,
    Findings,
    words_findings,
)

_C = ScrubCode
_BILLING = "Box 33, 2010AA"
_NPI: Mapping[NpiFault, ScrubCode] = {
    NpiFault.MISSING: _C.NPI_MISSING,
    NpiFault.FORM: _C.NPI_MALFORMED,
    NpiFault.CHECK_DIGIT: _C.NPI_CHECK_DIGIT,
}
_ADDRESS: Mapping[AddressFault, ScrubCode] = {
    AddressFault.ABSENT: _C.ADDRESS_MISSING,
    AddressFault.STREET: _C.ADDRESS_INCOMPLETE,
    AddressFault.CITY: _C.ADDRESS_INCOMPLETE,
    AddressFault.STATE: _C.ADDRESS_INCOMPLETE,
    AddressFault.ZIP: _C.ADDRESS_INCOMPLETE,
    AddressFault.STATE_UNKNOWN: _C.STATE_UNKNOWN,
    AddressFault.ZIP_MALFORMED: _C.ZIP_MALFORMED,
    AddressFault.ZIP_NOT_NINE: _C.ZIP_NOT_NINE,
    AddressFault.POST_OFFICE_BOX: _C.POST_OFFICE_BOX,
}


def billing_findings(facts: ClaimFacts, rules: PayerScrubRules) -> Findings:
    """Judge the billing provider (loops 2000A, 2010AA, 2010AB; Boxes 25 and 33)."""
    billing = facts.billing
    yield from _billing_name(billing)
    yield from npi_findings(billing.npi, Place("Billing provider NPI", "Box 33a, 2010AA NM109"))
    yield from _tax_id(billing)
    taxonomy = Place("Billing provider taxonomy", "Box 33b, 2000A PRV03")
    yield from taxonomy_findings(billing.taxonomy, taxonomy, rules)
    yield from address_findings(
        billing.address,
        Place("Billing provider address", f"{_BILLING} N3, N4"),
        where_people_work=True,
    )
    if billing.phone and not phone_is_valid(billing.phone):
        yield found(_C.PHONE_MALFORMED, Place("Billing provider phone", f"{_BILLING} PER04"))
    if billing.pay_to is not None:
        yield from address_findings(billing.pay_to, Place("Pay-to address", "2010AB N3, N4"))


def provider_findings(facts: ClaimFacts, rules: PayerScrubRules) -> Findings:
    """Judge the rendering, supervising and referring providers (2310B, 2310D, 2310A)."""
    if facts.rendering is not None:
        yield from _rendering(facts.rendering, facts.billing, rules)
    elif facts.billing.kind == EntityKind.ORGANIZATION:
        yield found(_C.RENDERING_MISSING, Place("Rendering provider", "Box 24J, 2310B"))
    supervising = Place("Supervising provider", "Box 17, 2310D NM1*DQ")
    if facts.supervising is not None:
        yield from _provider(facts.supervising, "Supervising provider", "2310D NM1*DQ")
    elif rules.supervisor_required:
        yield found(_C.SUPERVISOR_MISSING, supervising)
    if facts.referring is not None:
        yield from _provider(facts.referring, "Referring provider", "Box 17, 2310A NM1*DN")


def facility_findings(facts: ClaimFacts) -> Findings:
    """Judge the service facility (loop 2310C, Box 32)."""
    facility = facts.facility
    if facility is None:
        return
    yield from name_findings(facility.name, Place("Service facility name", "Box 32, 2310C NM103"))
    if facility.npi:
        npi = Place("Service facility NPI", "Box 32a, 2310C NM109")
        yield from npi_findings(facility.npi, npi)
    yield from _facility_place(facility, facts)


def npi_findings(npi: str, place: Place) -> Findings:
    """Judge an NPI that must be there."""
    fault = npi_fault(npi)
    if fault is not None:
        yield found(_NPI[fault], place)


def taxonomy_findings(taxonomy: str, place: Place, rules: PayerScrubRules) -> Findings:
    """Judge a taxonomy code: asked for by some payers, well formed for all."""
    if not taxonomy:
        yield found(_C.TAXONOMY_MISSING if rules.taxonomy_required else _C.TAXONOMY_ADVISED, place)
    elif not taxonomy_is_well_formed(taxonomy):
        yield found(_C.TAXONOMY_MALFORMED, place)


def name_findings(name: str, place: Place) -> Findings:
    """Judge a last or organization name that must be there."""
    if not name.strip():
        yield found(_C.NAME_MISSING, place)
    yield from words_findings(name, place, LONGEST_NAME)


def given_name_findings(first: str, middle: str, place: Place) -> Findings:
    """Judge a person's first and middle names."""
    if not first.strip():
        yield found(_C.FIRST_NAME_MISSING, place)
    yield from words_findings(first, place, LONGEST_FIRST_NAME)
    yield from words_findings(middle, place.of("(middle)", place.where), LONGEST_MIDDLE_NAME)


def address_findings(
    address: AddressFacts | None, place: Place, *, where_people_work: bool = False
) -> Findings:
    """Judge an address that must be there and whole."""
    for fault in address_faults(address, where_people_work=where_people_work):
        yield found(_ADDRESS[fault], place, fault.value)
    if address is not None:
        yield from words_findings(address.line1, place.of("street", place.where), LONGEST_STREET)
        yield from words_findings(
            address.line2, place.of("second line", place.where), LONGEST_STREET
        )
        yield from words_findings(address.city, place.of("city", place.where), LONGEST_CITY)


def _billing_name(billing: BillingFacts) -> Findings:
    name = Place("Billing provider name", f"{_BILLING} NM103")
    yield from name_findings(billing.last_or_organization_name, name)
    if billing.kind == EntityKind.PERSON:
        first = Place("Billing provider first name", f"{_BILLING} NM104")
        yield from given_name_findings(billing.first_name, billing.middle_name, first)


def _tax_id(billing: BillingFacts) -> Findings:
    place = Place("Billing provider tax ID", "Box 25, 2010AA REF EI or SY")
    if not billing.tax_id:
        yield found(_C.MISSING, place)
        return
    try:
        clean_tax_id(billing.tax_id)
    except MalformedTaxId:
        yield found(_C.TAX_ID_MALFORMED, place)
    if billing.tax_id_kind not in set(TaxIdKind):
        yield found(_C.TAX_ID_KIND_MISSING, place)
    elif billing.tax_id_kind == TaxIdKind.SSN and billing.kind == EntityKind.ORGANIZATION:
        yield found(_C.SSN_OF_AN_ORGANIZATION, place)


def _rendering(rendering: ProviderFacts, billing: BillingFacts, rules: PayerScrubRules) -> Findings:
    yield from _provider(rendering, "Rendering provider", "Box 24J, 2310B NM1*82")
    taxonomy = Place("Rendering provider taxonomy", "2310B PRV03")
    yield from taxonomy_findings(rendering.taxonomy, taxonomy, rules)
    if rendering.npi and rendering.npi == billing.npi:
        same = rendering.kind == billing.kind
        place = Place("Rendering provider NPI", "Box 24J, 2310B NM109")
        yield found(_C.RENDERING_IS_BILLING if same else _C.NPI_OF_ANOTHER_KIND, place)


def _provider(provider: ProviderFacts, role: str, where: str) -> Findings:
    yield from name_findings(provider.last_or_organization_name, Place(f"{role} name", where))
    if provider.kind == EntityKind.PERSON:
        first = Place(f"{role} first name", where)
        yield from given_name_findings(provider.first_name, provider.middle_name, first)
    yield from npi_findings(provider.npi, Place(f"{role} NPI", where))


def _facility_place(facility: FacilityFacts, facts: ClaimFacts) -> Findings:
    place = Place("Service facility address", "Box 32, 2310C N3, N4")
    nowhere = AddressFault.ABSENT in address_faults(facility.address, where_people_work=True)
    if nowhere and facts.place_of_service in TELEHEALTH_PLACES:
        yield found(_C.FACILITY_HAS_NO_PLACE, place)
        return
    yield from address_findings(facility.address, place, where_people_work=True)
    if same_address(facility.address, facts.billing.address):
        yield found(_C.FACILITY_IS_BILLING, place)
