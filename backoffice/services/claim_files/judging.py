"""The portal's own scrub applied to claims of any 837P, its findings placed in the file."""

import re
from datetime import date

from backoffice.edi.claim_837 import Claim, Party
from backoffice.edi.problems import Problem, Severity
from backoffice.rules import scrub
from backoffice.services.claim_files.inward import facts_of

_LINE = re.compile(r"Line (\d{1,3})\b")
_LOOP = re.compile(r"\b(20[01]0[A-C]{1,2}|23[1-3]0[A-G]?)\b")


def scrub_problems(claim: Claim, *, on: date) -> tuple[Problem, ...]:
    """What the scrub finds in a claim that was read, as problems with segment numbers.

    The segment is that of the line or party it is about, else of the CLM.
    """
    return tuple(
        Problem(
            segment=_segment(claim, finding.field),
            code=finding.code,
            words=f"{finding.field}: {finding.words} {finding.fix}",
            severity=Severity(finding.severity.value),
        )
        for finding in scrub.scrub(facts_of(claim), on=on)
    )


def _segment(claim: Claim, field: str) -> int:
    line = _LINE.match(field)
    if line is not None and 1 <= int(line[1]) <= len(claim.lines):
        return claim.lines[int(line[1]) - 1].segment or claim.segment
    loop = _LOOP.search(field)
    return (_of_loop(claim, loop[1]) if loop is not None else 0) or claim.segment


def _of_loop(claim: Claim, loop: str) -> int:
    pay_to = claim.billing.pay_to
    places = {
        "2000A": claim.billing.party.segment,
        "2010AA": claim.billing.party.segment,
        "2010AB": pay_to.segment if pay_to else 0,
        "2000B": claim.subscriber.segment,
        "2010BA": claim.subscriber.party.segment,
        "2010BB": claim.payer.segment,
        "2000C": claim.patient.segment if claim.patient else 0,
        "2010CA": claim.patient.party.segment if claim.patient else 0,
        "2310A": _party(claim.referring),
        "2310B": _party(claim.rendering),
        "2310C": _party(claim.facility),
        "2310D": _party(claim.supervising),
        "2320": claim.others[0].segment if len(claim.others) == 1 else 0,
    }
    return places.get(loop, 0)


def _party(party: Party | None) -> int:
    return party.segment if party is not None else 0
