"""What the sandbox writes as X12: 999, 277CA and TA1, all through edi's writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backoffice.edi.envelope import EnvelopeWriter, Group, Interchange
from backoffice.edi.qualifiers import FUNCTIONAL_GROUP, Guide
from backoffice.edi.segments import Text
from backoffice.edi.values import amount_text, clock_text, day_text
from backoffice.sandbox.payer import ClaimSeen

OUR_ID = "SANDBOXCH"
OUR_NAME = "SANDBOX CLEARINGHOUSE"


@dataclass(frozen=True)
class Numbers:
    """What makes a letter unlike all others: its control number, its reader and its moment.

    `number` serves as ISA13 and GS06; `wall` is the clearinghouse's wall clock (X12 has no zone).
    """

    number: int
    to: str
    wall: datetime


@dataclass(frozen=True)
class SetFault:
    """Why a transaction set was refused: a segment by name and place, an element, IK403's code."""

    segment_id: str
    place: int
    element: int
    code: str
    patient_control_number: str = ""


@dataclass(frozen=True)
class SetVerdict:
    """How one 837 transaction set fared (AK2 ... IK5)."""

    control_number: str
    guide: str
    faults: tuple[SetFault, ...] = ()


@dataclass(frozen=True)
class ClaimVerdict:
    """What is said about one claim in a 277CA: STC01 and its letter."""

    claim: ClaimSeen
    stc: str
    accepted: bool
    payer_number: str = ""


def interchange_of(numbers: Numbers) -> Interchange:
    """The envelope of anything that we send."""
    return Interchange(
        sender_id=OUR_ID,
        receiver_id=numbers.to or "UNKNOWN",
        control_number=f"{numbers.number % 10**9:09}",
        day=numbers.wall.date(),
        clock=numbers.wall.time(),
        usage="T",
    )


def group_of(numbers: Numbers, set_id: str, guide: str) -> Group:
    """The group of anything that we send."""
    return Group(
        functional_id=FUNCTIONAL_GROUP[set_id],
        sender_code=OUR_ID,
        receiver_code=numbers.to or "UNKNOWN",
        control_number=str(numbers.number % 10**9),
        day=numbers.wall.date(),
        clock=numbers.wall.time(),
        guide=guide,
    )


def ta1(answered: Interchange, *, numbers: Numbers, letter: str, note: str) -> bytes:
    """Answer an interchange: `letter` is TA104 (A, E, R), `note` TA105 (000; 025 duplicate)."""
    envelope = EnvelopeWriter(interchange_of(numbers))
    envelope.add(
        "TA1",
        Text(answered.control_number),
        day_text(answered.day)[2:] if answered.day else "000000",
        clock_text(answered.clock) if answered.clock else "0000",
        letter,
        note,
    )
    return envelope.finish()


def ack_999(
    group_number: str, guide: str, verdicts: Sequence[SetVerdict], *, numbers: Numbers
) -> bytes:
    """Answer a functional group: each set taken or refused, and the group in full or in part."""
    taken = sum(1 for verdict in verdicts if not verdict.faults)
    letter = "A" if taken == len(verdicts) else ("P" if taken else "R")
    envelope = EnvelopeWriter(interchange_of(numbers))
    with (
        envelope.group(group_of(numbers, "999", Guide.ACKNOWLEDGEMENT)),
        envelope.transaction_set("999", "0001", Guide.ACKNOWLEDGEMENT),
    ):
        envelope.add("AK1", "HC", Text(group_number), Text(guide))
        for verdict in verdicts:
            _set_verdict(envelope, verdict)
        envelope.add("AK9", letter, str(len(verdicts)), str(len(verdicts)), str(taken))
    return envelope.finish()


def _set_verdict(envelope: EnvelopeWriter, verdict: SetVerdict) -> None:
    envelope.add("AK2", "837", Text(verdict.control_number), Text(verdict.guide))
    for fault in verdict.faults:
        envelope.add("IK3", fault.segment_id, str(fault.place), None, "8")
        if fault.patient_control_number:
            envelope.add("CTX", ("CLM01", Text(fault.patient_control_number)))
        if fault.element:
            envelope.add("IK4", str(fault.element), None, fault.code)
    if verdict.faults:
        envelope.add("IK5", "R", "5")
    else:
        envelope.add("IK5", "A")


def claim_ack_277(
    verdicts: Sequence[ClaimVerdict], *, source: tuple[str, str], answered: str, numbers: Numbers
) -> bytes:
    """A 277CA from `source` (name, id) about claims that came under one BHT03, `answered`."""
    reference = str(numbers.number)
    envelope = EnvelopeWriter(interchange_of(numbers))
    guide = Guide.CLAIM_ACKNOWLEDGEMENT
    with (
        envelope.group(group_of(numbers, "277", guide)),
        envelope.transaction_set("277", "0001", guide),
    ):
        day, clock = day_text(numbers.wall.date()), clock_text(numbers.wall.time())
        envelope.add("BHT", "0085", "08", reference, day, clock, "TH")
        envelope.add("HL", "1", None, "20", "1")
        name, number = source
        kind = "AY" if number == OUR_ID else "PR"
        envelope.add(
            "NM1", kind, "2", Text(name), None, None, None, None,
            "46" if kind == "AY" else "PI", number,
        )  # fmt: skip
        envelope.add("TRN", "1", reference)
        envelope.add("DTP", "050", "D8", day)
        envelope.add("DTP", "009", "D8", day)
        envelope.add("HL", "2", "1", "21", "1")
        envelope.add("NM1", "41", "2", Text(numbers.to), None, None, None, None, "46", numbers.to)
        envelope.add("TRN", "2", Text(answered) or "0")
        _summary(envelope, verdicts, day)
        _providers(envelope, verdicts, day)
    return envelope.finish()


def _summary(envelope: EnvelopeWriter, verdicts: Sequence[ClaimVerdict], day: str) -> None:
    """The receiver's level: what came in all (2200B)."""
    total = sum((verdict.claim.charge_amount for verdict in verdicts), Decimal(0))
    envelope.add("STC", ("A1", "19", "PR"), day, "WQ", amount_text(total))
    for accepted, quantity, amount in ((True, "90", "YU"), (False, "AA", "YY")):
        kept = [verdict for verdict in verdicts if verdict.accepted is accepted]
        if kept:
            money = sum((verdict.claim.charge_amount for verdict in kept), Decimal(0))
            envelope.add("QTY", quantity, str(len(kept)))
            envelope.add("AMT", amount, amount_text(money))


def _providers(envelope: EnvelopeWriter, verdicts: Sequence[ClaimVerdict], day: str) -> None:
    level = 2
    for npi in dict.fromkeys(verdict.claim.payee.npi for verdict in verdicts):
        level += 1
        provider = level
        ours = [verdict for verdict in verdicts if verdict.claim.payee.npi == npi]
        envelope.add("HL", str(provider), "2", "19", "1")
        payee = ours[0].claim.payee
        envelope.add("NM1", "85", "2", Text(payee.name), None, None, None, None, "XX", npi)
        for verdict in ours:
            level += 1
            envelope.add("HL", str(level), str(provider), "PT")
            _claim(envelope, verdict, day)


def _claim(envelope: EnvelopeWriter, verdict: ClaimVerdict, day: str) -> None:
    claim = verdict.claim
    patient = claim.patient
    envelope.add(
        "NM1", "QC", "1", Text(patient.last_or_organization_name), Text(patient.first_name),
        None, None, None, "MI", claim.member_id,
    )  # fmt: skip
    envelope.add("TRN", "2", claim.patient_control_number)
    letter = "WQ" if verdict.accepted else "U"
    envelope.add(
        "STC", tuple(verdict.stc.split(":")), day, letter, amount_text(claim.charge_amount)
    )
    if verdict.payer_number:
        envelope.add("REF", "1K", verdict.payer_number)
    if claim.trace:
        envelope.add("REF", "D9", claim.trace)
    days = sorted(line.day for line in claim.lines)
    if days:
        envelope.add("DTP", "472", "D8", day_text(days[0]))
