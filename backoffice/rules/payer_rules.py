"""What one payer wants beyond the guide: rows of data that readiness and scrub both read."""

from dataclasses import dataclass

X12_LINES_PER_CLAIM = 50
PAPER_LINES_PER_CLAIM = 6


@dataclass(frozen=True)
class PayerScrubRules:
    """A payer's quirks as data; the defaults ask for nothing beyond the guide.

    `telehealth_places` / `telehealth_modifiers`: what this payer takes for a telehealth visit,
    empty when not known. `one_of_modifiers`: licence-level modifiers of which each line must
    carry one. `member_id_pattern`: a regular expression for the whole cleaned member id.
    `filing_days`: days from the last date of service to the deadline. `line_control_length`:
    what the clearinghouse keeps of REF*6R (Claim.MD: 12, learnt from third parties).
    """

    lines_per_claim: int = X12_LINES_PER_CLAIM
    several_dates: bool = True
    filing_days: int | None = None
    member_id_pattern: str = ""
    taxonomy_required: bool = False
    authorization_required: bool = False
    supervisor_required: bool = False
    referral_required: bool = False
    telehealth_places: frozenset[str] = frozenset()
    telehealth_modifiers: frozenset[str] = frozenset()
    one_of_modifiers: frozenset[str] = frozenset()
    line_control_length: int = 30


STANDARD = PayerScrubRules()
