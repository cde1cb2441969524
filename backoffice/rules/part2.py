"""Records of substance use treatment (42 CFR Part 2): when they may be disclosed, and the notice.

Sources, as amended by the final rule of 2024 (89 FR 12472; in force since 2024-04-16, to be
followed since 2026-02-16):
- 2.31: what a written consent says; a consent for all future treatment, payment and health care
  operations may say that it has no end.
- 2.33(a)(2): under such a single consent a program, covered entity or business associate may use
  and disclose as HIPAA permits, until the patient revokes it in writing.
- 2.32(a): each disclosure made with consent is accompanied by one of two statements; (b): and by a
  copy of the consent or a clear explanation of its scope.
The words of 2.32 were verified against public copies of the rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

NOTICE: Final = (
    "This record which has been disclosed to you is protected by Federal confidentiality rules"
    " (42 CFR part 2). These rules prohibit you from using or disclosing this record, or testimony"
    " that describes the information contained in this record, in any civil, criminal,"
    " administrative, or legislative proceedings by any Federal, State, or local authority, against"
    " the patient, unless authorized by the consent of the patient, except as provided at 42 CFR"
    " 2.12(c)(5) or as authorized by a court in accordance with 42 CFR 2.64 or 2.65. In addition,"
    " the Federal rules prohibit you from making any other use or disclosure of this record unless"
    " at least one of the following applies: (i) Further use or disclosure is expressly permitted"
    " by the written consent of the individual whose information is being disclosed in this record"
    " or as otherwise permitted by 42 CFR part 2. (ii) You are a covered entity or business"
    " associate and have received the record for treatment, payment, or health care operations, or"
    " (iii) You have received the record from a covered entity or business associate as permitted"
    " by 45 CFR part 164, subparts A and E. A general authorization for the release of medical or"
    " other information is NOT sufficient to meet the required elements of written consent to"
    " further use or redisclose the record (see 42 CFR 2.31)."
)
"""Statement 1 of 42 CFR 2.32(a)(1), for whole documents."""
SHORT_NOTICE: Final = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""Statement 2 of 42 CFR 2.32(a)(2), for lists and lines."""


class ConsentKind(StrEnum):
    """What a client consented to."""

    TREATMENT_PAYMENT_OPERATIONS = "treatment_payment_operations"
    NAMED_RECIPIENT = "named_recipient"


@dataclass(frozen=True)
class ConsentFacts:
    """One written consent: its days; `expires_on` None has no end, as a single consent may."""

    kind: ConsentKind
    signed_on: date
    expires_on: date | None = None
    revoked_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is signed, not expired (its last day counts) and not revoked."""
        if day < self.signed_on or (self.revoked_on is not None and day >= self.revoked_on):
            return False
        return self.expires_on is None or day <= self.expires_on


def may_be_billed(*, is_part2: bool, consents: Iterable[ConsentFacts], on: date) -> bool:
    """Whether a client's claim may leave for a payer: always, or under a single TPO consent."""
    if not is_part2:
        return True
    return any(
        consent.kind is ConsentKind.TREATMENT_PAYMENT_OPERATIONS and consent.holds_on(on)
        for consent in consents
    )


def may_be_given(*, is_part2: bool, consents: Iterable[ConsentFacts], on: date) -> bool:
    """Whether a client's record may be given to somebody else: under any consent that holds."""
    return not is_part2 or any(consent.holds_on(on) for consent in consents)
