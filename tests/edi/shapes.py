"""Claims of every shape we write, made from a seed: the coverage table's rows as ClaimFacts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

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
from backoffice.services.claim_files import FileHeader

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
NPIS = ("1234567893", "1245319599", "1679576722", "1003000126")
PLACES = ("11", "10", "02", "12")
ADDRESSES = (
    AddressFacts("123 MAIN ST", "SPRINGFIELD", "IL", "627040001", "SUITE 4"),
    AddressFacts("77 OCEAN AVE", "PORTLAND", "ME", "041013355"),
    AddressFacts("9 ELM CT", "AUSTIN", "TX", "787011234", "APT 12"),
)
PAY_TO = AddressFacts("PO BOX 991", "SPRINGFIELD", "IL", "627080991")
LAST_NAMES = ("RIVERA", "O'NEIL", "SMITH-JONES", "NGUYEN", "DE LA CRUZ", "KIM")
FIRST_NAMES = ("ANA", "LEE", "MARIA", "JOHN", "ZOE")
DIAGNOSES = ("F411", "F331", "F4310", "F902", "F1020", "Z630", "F509")
PROCEDURES = ("90837", "90834", "90791", "90847", "99213")


@dataclass(frozen=True)
class Shape:
    """One row of the coverage table."""

    organization: bool
    dependent: bool
    facility: bool
    pay_to: bool
    place: str
    frequency: Frequency
    other_payer: bool
    authorization: bool

    def __str__(self) -> str:
        return " ".join(
            (
                "organization" if self.organization else "solo",
                "dependent" if self.dependent else "subscriber",
                "facility" if self.facility else "-",
                "pay-to" if self.pay_to else "-",
                self.place,
                self.frequency.name.lower(),
                "other-payer" if self.other_payer else "-",
                "authorization" if self.authorization else "-",
            )
        )


def all_shapes() -> Iterator[Shape]:
    """Every row: 2 x 2 x 2 x 2 x places x 3 x 2 x 2."""
    flags = (False, True)
    for row in product(flags, flags, flags, flags, PLACES, Frequency, flags, flags):
        yield Shape(*row)


def coverage(claims: Iterable[tuple[Shape, ClaimFacts]]) -> str:
    """The coverage table: how many claims there are of each value of each dimension, of each
    shape at least, and of all."""
    made = Counter(shape for shape, _ in claims)
    rows = [f"{len(made)} shapes, {made.total()} claims, each shape {min(made.values())} times"]
    for field in fields(Shape):
        counts = Counter[str]()
        for shape, count in made.items():
            counts[str(getattr(shape, field.name))] += count
        rows.append(f"  {field.name:14} " + "  ".join(f"{k} {n}" for k, n in counts.items()))
    return "\n".join(rows)


def header(number: int = 1) -> FileHeader:
    """A file's numbers, by a counter."""
    return FileHeader(
        sender_name="Cleanclaim Billing",
        sender_id="CLEANCLAIM",
        contact_name="Claims Desk",
        contact_phone="2175550100",
        contact_email="claims@example.org",
        receiver_name="Sandbox Clearinghouse",
        receiver_id="SANDBOX",
        interchange_number=f"{number:09}",
        group_number=str(number),
        set_number=f"{number:04}",
        reference=f"B{number:08}",
        is_test=True,
    )


def billing_of(shape: Shape) -> BillingFacts:
    """The shape's billing provider: a person with an SSN or an organization with an EIN."""
    shared = BillingFacts(
        kind=EntityKind.ORGANIZATION,
        last_or_organization_name="RIVERSIDE COUNSELING LLC",
        npi=NPIS[0],
        tax_id="123456789",
        tax_id_kind=TaxIdKind.EIN,
        taxonomy="251S00000X",
        address=ADDRESSES[0],
        phone="2175550111",
        pay_to=PAY_TO if shape.pay_to else None,
    )
    if shape.organization:
        return shared
    return replace(
        shared,
        kind=EntityKind.PERSON,
        last_or_organization_name="RIVERA",
        first_name="ANA",
        middle_name="M",
        npi=NPIS[1],
        tax_id="219099999",
        tax_id_kind=TaxIdKind.SSN,
        taxonomy="1041C0700X",
        phone="2175550100",
    )


def claim_of_shape(shape: Shape, number: int, seed: int = 7) -> ClaimFacts:
    """One valid claim of a shape; the same seed and number make the same claim."""
    random = Random(f"{seed} {number} {shape}")
    insured = person(random)
    lines = tuple(
        _line(random, shape, place) for place in range(1, random.choice((1, 1, 2, 3)) + 1)
    )
    claim = ClaimFacts(
        patient_control_number=f"C{seed:02}{number:08}A1",
        frequency=shape.frequency,
        place_of_service=shape.place,
        billing=billing_of(shape),
        coverage=CoverageFacts(
            order=PayerOrder.SECONDARY if shape.other_payer else PayerOrder.PRIMARY,
            payer=PayerFacts("GREAT PRAIRIES HEALTH", f"{random.randint(10000, 99999)}"),
            insured=insured,
            member_id=f"W{random.randint(10**8, 10**9 - 1)}",
            relationship=random.choice(("01", "19", "G8")) if shape.dependent else "18",
            **random.choice(({"group_number": "G1234"}, {"group_name": "ACME STAFF"}, {})),
        ),
        patient=person(random) if shape.dependent else insured,
        diagnoses=tuple(random.sample(DIAGNOSES, random.choice((1, 2, 4)))),
        lines=lines,
        rendering=_rendering(random) if shape.organization else None,
        facility=FacilityFacts("NORTH HALL", ADDRESSES[1], NPIS[3]) if shape.facility else None,
        trace=f"T{number:08}",
        payer_claim_control_number=(
            "" if shape.frequency is Frequency.ORIGINAL else f"ICN{number:07}"
        ),
        prior_authorization=f"PA{number:06}" if shape.authorization else "",
        referral_number=random.choice(("", "RF4471")),
        medical_record_number=random.choice(("", "MR88")),
        patient_paid_amount=random.choice((None, Decimal("10.00"))),
        note=random.choice(("", "SESSION MOVED AT PAYER REQUEST")),
    )
    pointers = tuple(range(1, min(4, len(claim.diagnoses)) + 1))
    claim = replace(
        claim, lines=tuple(replace(each, diagnosis_pointers=pointers) for each in claim.lines)
    )
    return _after_another_payer(random, claim) if shape.other_payer else claim


def person(random: Random) -> PersonFacts:
    """Somebody who does not exist."""
    return PersonFacts(
        last_name=random.choice(LAST_NAMES),
        first_name=random.choice(FIRST_NAMES),
        middle_name=random.choice(("", "Q")),
        suffix=random.choice(("", "", "JR")),
        birth_date=date(1950, 1, 1) + timedelta(days=random.randint(0, 20000)),
        sex=random.choice((Sex.FEMALE, Sex.MALE)),  # x12sdk knows no U, which the guide has
        address=random.choice(ADDRESSES),
    )


def _rendering(random: Random) -> ProviderFacts:
    return ProviderFacts(
        EntityKind.PERSON, random.choice(LAST_NAMES), NPIS[2], "DANA", taxonomy="103TC0700X"
    )


def _line(random: Random, shape: Shape, place: int) -> LineFacts:
    telehealth = shape.place in {"02", "10"}
    extra = random.choice(((), ("HO",), ("HO", "U1"), ("HO", "U1", "AJ")))
    return LineFacts(
        line_control_number=f"L{place}",
        procedure_code=PROCEDURES[place - 1],
        modifiers=(*(("95",) if telehealth else ()), *extra),
        charge_amount=Decimal(random.randint(5000, 30000)) / 100,
        units=Decimal(1),
        first_day=TODAY - timedelta(days=20 + place),
        diagnosis_pointers=(1,),
    )


def _after_another_payer(random: Random, claim: ClaimFacts) -> ClaimFacts:
    """The claim as a second payer gets it: each line decided by the first, and balancing."""
    payer = PayerFacts("KEY INSURANCE", "56789")
    decided = tuple(_decided(random, line, payer.payer_id) for line in claim.lines)
    paid = sum((line.adjudications[0].paid_amount for line in decided), Decimal(0))
    other = OtherPayerFacts(
        coverage=CoverageFacts(
            order=PayerOrder.PRIMARY,
            payer=payer,
            insured=person(random),
            member_id="JS00111223",
            relationship=random.choice(("01", "19", "18")),
        ),
        paid_amount=paid,
        adjudicated_on=None,
        payer_claim_control_number="KEYICN77",
    )
    return replace(claim, lines=decided, others=(other,))


def _decided(random: Random, line: LineFacts, payer_id: str) -> LineFacts:
    charge = line.charge_amount
    contractual = (charge * random.randint(5, 40) / 100).quantize(Decimal("0.01"))
    share = random.choice((Decimal("25.00"), Decimal("20.50")))
    adjustments = (
        AdjustmentFacts("CO", "45", contractual),
        AdjustmentFacts("PR", random.choice(("1", "2", "3")), share),
    )
    answer = LineAdjudicationFacts(
        payer_id=payer_id,
        paid_amount=charge - contractual - share,
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        units=line.units,
        adjustments=adjustments,
        adjudicated_on=TODAY - timedelta(days=5),
        remaining_patient_amount=share,
    )
    return replace(line, adjudications=(answer,))
