"""Would the payer take this claim? Facts in, findings out, in plain words with their cure."""

from datetime import date

from backoffice.rules.claim_facts import ClaimFacts
from backoffice.rules.payer_rules import STANDARD, PayerScrubRules
from backoffice.rules.scrub.claim import diagnosis_findings, head_findings, number_findings
from backoffice.rules.scrub.codes import ScrubCode, Severity
from backoffice.rules.scrub.coverage import coverage_findings
from backoffice.rules.scrub.findings import ADVICE, Place, ScrubFinding, found
from backoffice.rules.scrub.lines import line_findings
from backoffice.rules.scrub.others import other_payer_findings
from backoffice.rules.scrub.parties import (
    billing_findings,
    facility_findings,
    provider_findings,
)

__all__ = [
    "ADVICE",
    "STANDARD",
    "PayerScrubRules",
    "ScrubCode",
    "ScrubFinding",
    "Severity",
    "file_mode_findings",
    "has_errors",
    "leave_findings",
    "scrub",
]


def scrub(
    facts: ClaimFacts, *, on: date, rules: PayerScrubRules = STANDARD
) -> tuple[ScrubFinding, ...]:
    """Return all that is wrong with a claim on a day, errors first; empty when it is clean.

    The very same rules judge our own claims and those read from foreign files, so odd facts
    never raise: where a file holds a code that an enum of claim_facts doesn't know, the raw text
    may stand in the enum's place; a missing day of service may be None.
    """
    findings = (
        *number_findings(facts, rules),
        *head_findings(facts, rules, on),
        *billing_findings(facts, rules),
        *provider_findings(facts, rules),
        *facility_findings(facts),
        *coverage_findings(facts, rules, on),
        *diagnosis_findings(facts),
        *line_findings(facts, rules, on),
        *other_payer_findings(facts, on),
    )
    return tuple(sorted(findings, key=lambda each: each.severity is Severity.WARNING))


def has_errors(findings: tuple[ScrubFinding, ...]) -> bool:
    """Tell whether a claim must not be released."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def file_mode_findings(*, file_is_test: bool, account_is_test: bool) -> tuple[ScrubFinding, ...]:
    """Return the finding when a file's mode (ISA15) differs from that of the account's key."""
    if file_is_test is account_is_test:
        return ()
    return (found(ScrubCode.FILE_MODE_DIFFERS, Place("File mode", "ISA15")),)


def leave_findings(*, has_agreement: bool, has_consent: bool) -> tuple[ScrubFinding, ...]:
    """Return what keeps a claim here whatever it says: of this practice or client nothing leaves.

    The practice's business associate agreement (45 CFR 164.504(e)) is in force, and so is the
    client's consent where the records fall under 42 CFR Part 2 (2.31, 2.33).
    """
    found_here = []
    if not has_agreement:
        place = Place("Business associate agreement", "45 CFR 164.504(e)")
        found_here.append(found(ScrubCode.AGREEMENT_MISSING, place))
    if not has_consent:
        place = Place("Client consent", "42 CFR 2.31, 2.33")
        found_here.append(found(ScrubCode.CONSENT_MISSING, place))
    return tuple(found_here)
