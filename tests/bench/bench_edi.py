"""What reading costs, as ratios to bytes.split (the floor): python -m tests.bench.bench_edi."""

import resource
import sys
from collections.abc import Callable, Iterable
from datetime import date, time
from decimal import Decimal
from random import Random
from time import process_time

from backoffice.edi import claim_837, remittance_835
from backoffice.edi.envelope import EnvelopeWriter, Group, Interchange
from backoffice.edi.qualifiers import Guide
from backoffice.edi.segments import SegmentReader
from backoffice.edi.survey import survey
from backoffice.edi.values import amount_text
from backoffice.rules.claim_facts import Frequency
from backoffice.services.claim_files import claim_file, facts_in
from tests.edi.shapes import NOW, Shape, claim_of_shape, header

CLAIMS_837 = 5_000
CLAIMS, SETS = 10_000, 20
DAY = date(2026, 6, 15)
CENT = Decimal("0.01")


def synthetic_835(claims: int = CLAIMS, sets: int = SETS, seed: int = 1) -> bytes:
    """A balanced 835 of many claims (2.5 lines each) in many payments, with PLB and reversals."""
    random = Random(seed)
    out = EnvelopeWriter(Interchange("PAYER", "CLEANCLAIM", "000000001", DAY, time(9, 0)))
    with out.group(Group("HP", "PAYER", "CLEANCLAIM", "1", DAY, time(9, 0), Guide.REMITTANCE)):
        for number in range(1, sets + 1):
            with out.transaction_set("835", f"{number:04}"):
                _payment(out, random, number, claims // sets)
    return out.finish()


def _payment(out: EnvelopeWriter, random: Random, number: int, claims: int) -> None:
    made = [_decided(random, number * 100_000 + each) for each in range(claims)]
    taken = Decimal(random.randint(0, 5000)) / 100
    paid = sum((line[2] for _, lines in made for line in lines), Decimal(0)) - taken
    out.add("BPR", "I", amount_text(paid), "C", "ACH", *("",) * 11, "20260615")
    out.add("TRN", "1", f"EFT{number:06}", "1512345678")
    out.add("N1", "PR", "GREAT PRAIRIES HEALTH")
    out.add("N1", "PE", "RIVERSIDE COUNSELING LLC", "XX", "1234567893")
    out.add("REF", "TJ", "123456789")
    out.add("LX", "1")
    for control_number, lines in made:
        _claim(out, control_number, lines)
    out.add("PLB", "1234567893", "20261231", ("WO", f"REF{number}"), amount_text(taken))


_Line = tuple[Decimal, Decimal, Decimal]


def _decided(random: Random, number: int) -> tuple[str, list[_Line]]:
    lines = []
    for _ in range(random.choice((2, 3))):
        charge = Decimal(random.randint(8000, 25000)) / 100
        off = (charge * random.randint(5, 40) / 100).quantize(CENT)
        lines.append((charge, off, charge - off - 20))
    return f"C{number:09}A1", lines


def _claim(out: EnvelopeWriter, control_number: str, lines: list[_Line]) -> None:
    charge = sum((line[0] for line in lines), Decimal(0))
    paid = sum((line[2] for line in lines), Decimal(0))
    share = str(20 * len(lines))
    out.add(
        "CLP",
        control_number,
        "1",
        amount_text(charge),
        amount_text(paid),
        share,
        "12",
        "ICN1",
        "11",
    )
    out.add("NM1", "QC", "1", "RIVERA", "ANA", "", "", "", "MI", "W123456789")
    out.add("NM1", "82", "1", "KIM", "DANA", "", "", "", "XX", "1234567893")
    out.add("DTM", "050", "20260601")
    for place, (charged, off, line_paid) in enumerate(lines, start=1):
        out.add("SVC", ("HC", "90837", "95"), amount_text(charged), amount_text(line_paid), "", "1")
        out.add("DTM", "472", "20260520")
        out.add("CAS", "CO", "45", amount_text(off))
        out.add("CAS", "PR", "3", "20")
        out.add("REF", "6R", f"L{place}")
        out.add("AMT", "B6", amount_text(charged - off))


def claims_837(claims: int = CLAIMS_837) -> bytes:
    """A file of many claims of one billing provider, each with one to three lines."""
    shape = Shape(
        organization=True,
        dependent=False,
        facility=False,
        pay_to=False,
        place="11",
        frequency=Frequency.ORIGINAL,
        other_payer=False,
        authorization=True,
    )
    made = [claim_of_shape(shape, number) for number in range(claims)]
    return claim_file(made, header=header(), now=NOW).data


def _timed(name: str, work: Callable[[], object], claims: int, floor: float = 0) -> float:
    """The best of three in CPU seconds, which a busy machine disturbs least."""
    seconds = min(_once(work) for _ in range(3))
    ratio = f"{seconds / floor:6.1f} x floor" if floor else "   the floor"
    sys.stdout.write(f"{name:34} {seconds:7.3f} s {claims / seconds:10,.0f} claims/s {ratio}\n")
    return seconds


def _once(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _split(data: bytes) -> list[list[bytes]]:
    return [segment.split(b"*") for segment in data.split(b"~")]


def _count(claims: Iterable[object]) -> int:
    return sum(1 for _ in claims)


def bench_835() -> None:
    """Remittances: the reader, then the survey, which balances as well."""
    data = synthetic_835()
    sys.stdout.write(f"835: {len(data):,} bytes, {data.count(b'~'):,} segments\n")
    floor = _timed("bytes.split", lambda: _split(data), CLAIMS)
    _timed("segments", lambda: _count(SegmentReader(data)), CLAIMS, floor)
    _timed("remittance_835.read", lambda: _count(remittance_835.read(data)), CLAIMS, floor)
    _timed("survey (read and balance)", lambda: survey(data), CLAIMS, floor)


def bench_837() -> None:
    """Claims: writing, reading, and all that `edi check` does."""
    data = claims_837()
    sys.stdout.write(f"837P: {len(data):,} bytes, {data.count(b'~'):,} segments\n")
    floor = _timed("bytes.split", lambda: _split(data), CLAIMS_837)
    facts = list(facts_in(data))
    _timed(
        "claim_file (write)",
        lambda: claim_file(facts, header=header(), now=NOW),
        CLAIMS_837,
        floor,
    )
    _timed("claim_837.read", lambda: _count(claim_837.read(data)), CLAIMS_837, floor)
    _timed("claim_837.validate", lambda: claim_837.validate(data), CLAIMS_837, floor)


def main() -> None:
    """Make the files, read them, print the table."""
    bench_835()
    bench_837()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak memory {peak:.0f} MB\n")


if __name__ == "__main__":
    main()
