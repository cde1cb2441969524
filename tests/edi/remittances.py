"""Remittances of every kind, made from a seed through our writer; some out of balance."""

from datetime import date, time
from decimal import Decimal
from random import Random

from backoffice.edi.envelope import EnvelopeWriter, Group, Interchange
from backoffice.edi.qualifiers import Guide
from backoffice.edi.segments import Element
from backoffice.edi.values import amount_text

DAY, CLOCK = date(2026, 6, 10), time(7, 0)
CENT = Decimal("0.01")
REASONS = (("CO", "45"), ("PR", "1"), ("PR", "2"), ("PR", "3"), ("OA", "23"), ("PI", "95"))


def random_835(seed: int) -> bytes:
    """One to three payments of up to five claims: reversals, denials, claim-level adjustments,
    PLB of several kinds, and in every third file a sum that is wrong somewhere."""
    random = Random(seed)
    spoil = random.choice(("line", "claim", "payment")) if seed % 3 == 0 else ""
    out = EnvelopeWriter(Interchange("PAYER", "CLEANCLAIM", "000000001", DAY, CLOCK))
    with out.group(Group("HP", "PAYER", "CLEANCLAIM", "1", DAY, CLOCK, Guide.REMITTANCE)):
        for number in range(1, random.randint(1, 3) + 1):
            with out.transaction_set("835", f"{number:04}"):
                _payment(out, random, spoil if number == 1 else "")
    return out.finish()


def _payment(out: EnvelopeWriter, random: Random, spoil: str) -> None:
    claims = [
        _Claim(random, number, spoil if number == 0 else "")
        for number in range(random.randint(1, 5))
    ]
    taken = [
        (reason, Decimal(random.randint(-5000, 5000)) / 100)
        for reason in random.sample(("WO", "72", "FB", "CS", "L6"), random.randint(0, 3))
    ]
    paid = sum((each.paid for each in claims), Decimal(0)) - sum(
        (amount for _, amount in taken), Decimal(0)
    )
    if spoil == "payment":
        paid += Decimal("0.01")
    out.add("BPR", "I", amount_text(paid), "C", "ACH", *("",) * 11, "20260612")
    out.add("TRN", "1", f"E{random.randint(1, 10**8)}", "1512345678")
    out.add("DTM", "405", "20260610")
    out.add("N1", "PR", "GREAT PRAIRIES HEALTH")
    out.add("N3", "4456 SOUTH SHORE BLVD")
    out.add("N4", "CHICAGO", "IL", "606440001")
    out.add("PER", "BL", "PROVIDER DESK", "TE", "3125550100")
    out.add("N1", "PE", "RIVERSIDE COUNSELING LLC", "XX", "1234567893")
    out.add("REF", "TJ", "123456789")
    out.add("LX", "1")
    for claim in claims:
        claim.write(out)
    if taken:
        pairs: list[Element] = []
        for reason, amount in taken:
            pairs += [(reason, "REF1"), amount_text(amount)]
        out.add("PLB", "1234567893", "20261231", *pairs)


class _Claim:
    """A decided claim: what is charged less what is adjusted is paid, unless spoiled."""

    def __init__(self, random: Random, number: int, spoil: str) -> None:
        self.number = number
        self.sign = -1 if random.random() < 0.2 else 1
        self.lines = [
            self._line(random, spoil if place == 0 else "") for place in range(random.randint(1, 3))
        ]
        self.own = (
            [("OA", "94", self.sign * Decimal(random.randint(1, 500)) / 100)]
            if random.random() < 0.3
            else []
        )
        self.charge = sum((line[0] for line in self.lines), Decimal(0))
        off = sum((each[2] for line in self.lines for each in line[1]), Decimal(0))
        self.paid = self.charge - off - sum((each[2] for each in self.own), Decimal(0))
        if spoil == "claim":
            self.paid += Decimal("1.10")

    def _line(
        self, random: Random, spoil: str
    ) -> tuple[Decimal, list[tuple[str, str, Decimal]], Decimal]:
        charge = Decimal(random.randint(5000, 30000)) / 100
        reasons = random.sample(REASONS, random.randint(0, 4))
        shares = [(charge * random.randint(1, 20) / 100).quantize(CENT) for _ in reasons]
        if random.random() < 0.15:
            reasons, shares = [("CO", "197")], [charge]
        paid = charge - sum(shares, Decimal(0))
        if spoil == "line":
            paid -= Decimal("0.50")
        adjustments = [
            (group, reason, self.sign * share)
            for (group, reason), share in zip(reasons, shares, strict=True)
        ]
        return self.sign * charge, adjustments, self.sign * paid

    def write(self, out: EnvelopeWriter) -> None:
        out.add(
            "CLP",
            f"C{self.number:09}A1",
            "22" if self.sign < 0 else "1",
            amount_text(self.charge),
            amount_text(self.paid),
            "",
            "12",
            f"ICN{self.number}",
            "11",
            "1",
        )
        _adjustments(out, self.own)
        out.add("NM1", "QC", "1", "RIVERA", "ANA", "", "", "", "MI", "W123456789")
        for place, (charge, adjustments, paid) in enumerate(self.lines, start=1):
            out.add("SVC", ("HC", "90837", "95"), amount_text(charge), amount_text(paid), "", "1")
            out.add("DTM", "472", "20260520")
            _adjustments(out, adjustments)
            out.add("REF", "6R", f"L{place}")


def _adjustments(out: EnvelopeWriter, adjustments: list[tuple[str, str, Decimal]]) -> None:
    """One CAS for each group, as the guide wants it."""
    for group in dict.fromkeys(each[0] for each in adjustments):
        triplets: list[Element] = []
        for _, reason, amount in (each for each in adjustments if each[0] == group):
            triplets += [reason, amount_text(amount), ""]
        out.add("CAS", group, *triplets)
