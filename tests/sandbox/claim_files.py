"""837 files for the sandbox's tests: plain claims of one practice, written by our own writer."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from backoffice.edi.claim_837 import (
    Address,
    Adjustment,
    BillingProvider,
    Claim,
    ClaimSet,
    Contact,
    Diagnosis,
    Line,
    LineAdjudication,
    OtherPayer,
    Party,
    Receiver,
    Submitter,
    Subscriber,
    write,
)
from backoffice.edi.envelope import Group, Interchange
from backoffice.edi.qualifiers import Guide

DAY = date(2026, 11, 20)
CLOCK = time(9, 30)
SENDER = "CLEANCLAIM"

BILLING = BillingProvider(
    party=Party(
        kind="2",
        name="HARBOR COUNSELING",
        id_kind="XX",
        id="1234567893",
        taxonomy="101YM0800X",
        address=Address("12 MAIN ST", "", "HARTFORD", "CT", "061031234"),
        references=(("EI", "123456789"),),
    )
)


def a_line(number: str, *, code: str = "90837", charge: str = "150.00") -> Line:
    """One session on one day."""
    return Line(
        procedure_code=code,
        charge_amount=Decimal(charge),
        units=Decimal(1),
        first_day=date(2026, 11, 2),
        last_day=date(2026, 11, 2),
        diagnosis_pointers=(1,),
        modifiers=("95",),
        line_control_number=number,
    )


def a_claim(
    pcn: str,
    *,
    lines: tuple[Line, ...] = (),
    member_id: str = "W123456789",
    payer_id: str = "60054",
    frequency: str = "1",
    original: str = "",
) -> Claim:
    """A claim for a subscriber who is the patient; `original` is REF*F8."""
    lines = lines or (a_line(f"{pcn}A"), a_line(f"{pcn}B", code="90785", charge="20.00"))
    return Claim(
        billing=BILLING,
        subscriber=Subscriber(
            order="P",
            relationship="18",
            filing_code="CI",
            party=Party(
                kind="1",
                name="SAMPLE",
                first_name="ADA",
                id_kind="MI",
                id=member_id,
                address=Address("7 ELM ST", "", "HARTFORD", "CT", "061051234"),
                birth_date=date(1980, 1, 2),
                sex="F",
            ),
        ),
        payer=Party(kind="2", name="AETNA", id_kind="PI", id=payer_id),
        patient_control_number=pcn,
        charge_amount=sum((line.charge_amount for line in lines), Decimal("0.00")),
        place_of_service="11",
        frequency=frequency,
        lines=lines,
        diagnoses=(Diagnosis("ABK", "F411"),),
        payer_claim_control_number=original,
        trace=f"T{pcn}",
        rendering=Party(
            kind="1",
            name="ROE",
            first_name="ANN",
            id_kind="XX",
            id="1679576722",
            taxonomy="101YM0800X",
        ),
    )


def a_secondary_claim(pcn: str) -> Claim:
    """A claim of 150.00 of which the primary paid 90.00 and wrote off 20.00; 40.00 are left."""
    primary = Subscriber(
        order="P",
        relationship="18",
        filing_code="CI",
        party=Party(kind="1", name="SAMPLE", first_name="ADA", id_kind="MI", id="P987654321"),
    )
    decided = LineAdjudication(
        payer_id="62308",
        paid_amount=Decimal("90.00"),
        procedure_code="90837",
        modifiers=("95",),
        adjustments=(
            Adjustment("CO", "45", Decimal("20.00")),
            Adjustment("PR", "2", Decimal("40.00")),
        ),
        adjudicated_on=date(2026, 11, 10),
    )
    claim = a_claim(pcn, lines=(replace(a_line(f"{pcn}A"), adjudications=(decided,)),))
    return replace(
        claim,
        subscriber=replace(claim.subscriber, order="S"),
        others=(
            OtherPayer(
                subscriber=primary,
                payer=Party(kind="2", name="CIGNA", id_kind="PI", id="62308"),
                paid_amount=Decimal("90.00"),
            ),
        ),
    )


def a_file(number: int, *claims: Claim, sender: str = SENDER) -> bytes:
    """One interchange of one transaction set."""
    interchange = Interchange(
        sender_id=sender,
        receiver_id="CLAIMMD",
        control_number=f"{number:09}",
        day=DAY,
        clock=CLOCK,
        usage="T",
    )
    group = Group("HC", sender, "CLAIMMD", str(number), DAY, CLOCK, Guide.CLAIM)
    claim_set = ClaimSet(
        control_number=f"{number:04}",
        reference=f"B{number:09}",
        day=DAY,
        clock=CLOCK,
        submitter=Submitter("CLEANCLAIM", sender, Contact(name="BILLING", phone="8605550100")),
        receiver=Receiver("CLAIM MD", "CLAIMMD"),
        claims=claims,
    )
    return write(interchange, group, [claim_set]).data


def name_of(number: int) -> str:
    """What such a file is called."""
    return f"{number:09}.837"
