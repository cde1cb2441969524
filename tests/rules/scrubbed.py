"""A claim that passes the scrub, and its parts, for tests that spoil one thing at a time."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from backoffice.rules.claim_facts import (
    AddressFacts,
    AdjustmentFacts,
    BillingFacts,
    ClaimFacts,
    CoverageFacts,
    EntityKind,
    FacilityFacts,
    Frequency,
    LineAdjudicationFacts,
    LineFacts,
    OtherPayerFacts,
    PayerFacts,
    PayerOrder,
    PersonFacts,
    ProviderFacts,
    Sex,
    TaxIdKind,
)

TODAY = date(2026, 6, 15)
SERVED = date(2026, 5, 4)
REMITTED = date(2026, 5, 20)
OFFICE = AddressFacts("12 Elm St", "Albany", "NY", "122071234")
HOME = AddressFacts("7 Oak Ave", "Troy", "NY", "12180")
NPI_OF_PRACTICE = "1234567893"
NPI_OF_CLINICIAN = "1679576722"
NPI_OF_OTHERS = "1245319599"

CLIENT = PersonFacts("Rivera", "Ana", birth_date=date(1990, 2, 3), sex=Sex.FEMALE, address=HOME)
PARENT = PersonFacts("Rivera", "Luis")
PAYER = PayerFacts("Northstar Health", "NSH01")
COVERAGE = CoverageFacts(PayerOrder.PRIMARY, PAYER, CLIENT, "ABC123456", "18")
BILLING = BillingFacts(
    kind=EntityKind.ORGANIZATION,
    last_or_organization_name="Elm Street Therapy",
    npi=NPI_OF_PRACTICE,
    tax_id="123456789",
    tax_id_kind=TaxIdKind.EIN,
    taxonomy="261QM0801X",
    address=OFFICE,
    phone="5182345678",
)
CLINICIAN = ProviderFacts(
    EntityKind.PERSON, "Lee", NPI_OF_CLINICIAN, first_name="Dana", taxonomy="103TC0700X"
)
SUPERVISOR = ProviderFacts(EntityKind.PERSON, "Stone", NPI_OF_OTHERS, first_name="Kim")
FACILITY = FacilityFacts("River Clinic", AddressFacts("1 Dock Rd", "Cohoes", "NY", "120471111"))
LINE = LineFacts("L1", "90837", Decimal("175.00"), Decimal(1), SERVED, (1,))
SECOND_LINE = replace(LINE, line_control_number="L2", first_day=date(2026, 5, 11))
CLEAN = ClaimFacts(
    patient_control_number="C000000101X",
    frequency=Frequency.ORIGINAL,
    place_of_service="11",
    billing=BILLING,
    coverage=COVERAGE,
    patient=CLIENT,
    diagnoses=("F411", "F329"),
    lines=(LINE,),
    rendering=CLINICIAN,
)

DECISION = LineAdjudicationFacts(
    payer_id="NSH01",
    paid_amount=Decimal("80.00"),
    procedure_code="90837",
    modifiers=(),
    units=Decimal(1),
    adjustments=(
        AdjustmentFacts("CO", "45", Decimal("75.00")),
        AdjustmentFacts("PR", "2", Decimal("20.00")),
    ),
    adjudicated_on=REMITTED,
)
OTHER = OtherPayerFacts(coverage=COVERAGE, paid_amount=Decimal("80.00"))
SECONDARY = replace(
    CLEAN,
    coverage=replace(COVERAGE, order=PayerOrder.SECONDARY, payer=PayerFacts("Evergreen", "EVG02")),
    lines=(replace(LINE, adjudications=(DECISION,)),),
    others=(OTHER,),
)


def with_line(claim: ClaimFacts = CLEAN, **changes: object) -> ClaimFacts:
    """Return the claim with its first line changed."""
    return replace(claim, lines=(replace(claim.lines[0], **changes), *claim.lines[1:]))  # type: ignore[arg-type]  # names checked by replace


def with_billing(**changes: object) -> ClaimFacts:
    """Return the clean claim with its billing provider changed."""
    return replace(CLEAN, billing=replace(BILLING, **changes))  # type: ignore[arg-type]  # as above


def with_coverage(**changes: object) -> ClaimFacts:
    """Return the clean claim with its coverage changed."""
    return replace(CLEAN, coverage=replace(COVERAGE, **changes))  # type: ignore[arg-type]  # as above


def with_client(**changes: object) -> ClaimFacts:
    """Return the clean claim with its client, who is the insured, changed."""
    client = replace(CLIENT, **changes)  # type: ignore[arg-type]  # as above
    return replace(CLEAN, patient=client, coverage=replace(COVERAGE, insured=client))


def of_child(**changes: object) -> ClaimFacts:
    """Return the claim of a client insured by a parent, with the coverage changed."""
    covered = replace(COVERAGE, relationship="19", insured=PARENT)
    return replace(CLEAN, coverage=replace(covered, **changes))  # type: ignore[arg-type]  # as above


def with_decision(**changes: object) -> ClaimFacts:
    """Return the secondary claim with the primary's decision on its line changed."""
    return with_line(SECONDARY, adjudications=(replace(DECISION, **changes),))  # type: ignore[arg-type]  # as above


def with_other(**changes: object) -> ClaimFacts:
    """Return the secondary claim with its other payer changed."""
    return replace(SECONDARY, others=(replace(OTHER, **changes),))  # type: ignore[arg-type]  # as above
