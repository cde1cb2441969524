"""What an adjustment on a remittance means: whose money it is now, and what to do about it.

Numbers are X12's (CARC, in CAS02 of an 835) and CMS's (RARC, in LQ*HE and MOA); every wording is
our own. A licensed list, where a site has one, replaces the words and never the meanings.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from backoffice.rules.claim_facts import PayerOrder


class Meaning(StrEnum):
    """Whose money an adjusted amount is."""

    CONTRACTUAL = "contractual"  # given up by contract: never anybody's to pay
    PATIENT = "patient"  # the client's share: deductible, coinsurance, copay
    NEUTRAL = "neutral"  # settled by an earlier payer: neither write-off nor receivable
    REVIEW = "review"  # a person decides; until then it stays receivable


@dataclass(frozen=True)
class Reason:
    """One CARC in our words, and the step that usually helps ("" where none is usual)."""

    words: str
    next_step: str = ""


# (group, CARC). 45 and 253 are the design's; 44 and 131 are discounts agreed beforehand by the
# meaning of their codes [assumed: no payer of ours has sent them yet].
CONTRACTUAL = frozenset({("CO", "45"), ("CO", "253"), ("CO", "44"), ("CO", "131")})
PATIENT_SHARE = frozenset({("PR", "1"), ("PR", "2"), ("PR", "3")})
EARLIER_PAYER = ("OA", "23")


def meaning_of(
    group: str,
    reason: str,
    *,
    order: PayerOrder,
    also_contractual: Collection[tuple[str, str]] = (),
) -> Meaning:
    """Whose money an amount adjusted with `group` (CAS01) and `reason` (CAS02) is.

    `order` is the turn of the payer who says so: OA-23 is settled money only from a later payer.
    `also_contractual` is what this payer's contract adds, as (group, CARC); the client's share
    and another group than CO cannot be made contractual by it. Everything not listed is REVIEW.
    """
    pair = (group, reason)
    if pair in PATIENT_SHARE:
        return Meaning.PATIENT
    if pair in CONTRACTUAL or (group == "CO" and pair in also_contractual):
        return Meaning.CONTRACTUAL
    if pair == EARLIER_PAYER and order is not PayerOrder.PRIMARY:
        return Meaning.NEUTRAL
    return Meaning.REVIEW


def words_for(reason: str) -> str:
    """A CARC in our own words; an unlisted one is shown by its number."""
    known = REASONS.get(reason)
    return known.words if known else f"Adjustment reason {reason}"


def next_step_for(reason: str) -> str:
    """What usually helps against a CARC, or "" where we know nothing usual."""
    known = REASONS.get(reason)
    return known.next_step if known else ""


def remark_words(remark: str) -> str:
    """A RARC in our own words; an unlisted one is shown by its number."""
    return REMARKS.get(remark, f"Remark {remark}")


_CORRECT = "Correct the claim and send it as a replacement (code 7)."
_COVERAGE = "Check eligibility for the date of service; ask for the current policy, then bill it."
_AUTHORIZE = (
    "Look for the authorization: add its number and replace the claim, or ask for it in retrospect."
)

REASONS: dict[str, Reason] = {
    "1": Reason("Deductible", "Client's share: the practice bills the client."),
    "2": Reason("Coinsurance", "Client's share: the practice bills the client."),
    "3": Reason("Copay", "Client's share: the practice bills the client."),
    "4": Reason("Modifier missing or not fitting the procedure", _CORRECT),
    "5": Reason("Place of service does not fit the procedure", _CORRECT),
    "6": Reason("Procedure does not fit the client's age", _CORRECT),
    "7": Reason("Procedure does not fit the client's sex on file", _CORRECT),
    "8": Reason(
        "Procedure does not fit the provider's specialty",
        "Compare the taxonomy on the claim with the one the payer has on file.",
    ),
    "9": Reason("Diagnosis does not fit the client's age", _CORRECT),
    "10": Reason("Diagnosis does not fit the client's sex on file", _CORRECT),
    "11": Reason(
        "Diagnosis does not support the procedure",
        "Ask the clinician about the diagnosis and its pointers, then replace the claim (code 7).",
    ),
    "12": Reason("Diagnosis does not fit the provider's specialty", _CORRECT),
    "13": Reason("Dated after the client's death as the payer has it", "Check the dates."),
    "14": Reason("Dated before the client's birth as the payer has it", "Check the birth date."),
    "15": Reason("Authorization number missing or not valid for this service", _AUTHORIZE),
    "16": Reason(
        "Information missing or wrong; the remark says which",
        "Read the remark code, supply what it names, replace the claim (code 7).",
    ),
    "18": Reason(
        "Exact duplicate of another claim",
        "Find the first claim and its outcome before anything else is sent.",
    ),
    "19": Reason("Work-related: another insurer's to pay", "Ask for the workers' compensation."),
    "20": Reason("A liability insurer's to pay", "Ask the client about the accident."),
    "21": Reason("A no-fault insurer's to pay", "Ask the client about the accident."),
    "22": Reason(
        "Another payer comes first",
        "Ask the client to settle the order of coverages with the payer, then bill the first.",
    ),
    "23": Reason("Settled by an earlier payer"),
    "24": Reason("Covered by a capitation payment", "Check the practice's capitation agreement."),
    "26": Reason("Before the coverage began", _COVERAGE),
    "27": Reason("After the coverage ended", _COVERAGE),
    "29": Reason(
        "Filed too late",
        "Appeal with proof of timely filing: the clearinghouse's and payer's acknowledgements.",
    ),
    "31": Reason("Client not recognized as insured", _COVERAGE),
    "32": Reason("Dependent not eligible", _COVERAGE),
    "33": Reason("No coverage for dependents", _COVERAGE),
    "35": Reason("Lifetime maximum reached", "Bill the next payer, if there is one."),
    "39": Reason("Authorization had been refused", "Appeal with the clinician's documentation."),
    "44": Reason("Prompt-payment discount"),
    "45": Reason("Above the contracted fee", "Contractual: nobody's to pay."),
    "49": Reason("Routine service not covered", "Check the diagnosis and the plan's benefits."),
    "50": Reason(
        "Not medically necessary in the payer's view",
        "Appeal with the clinician's documentation before the appeal deadline.",
    ),
    "54": Reason("More than one provider not covered for this service", "Appeal or correct."),
    "55": Reason("Experimental in the payer's view", "Appeal with documentation."),
    "58": Reason("Place of service not appropriate or not valid", _CORRECT),
    "59": Reason("Reduced under a rule for several procedures", "Check against the contract."),
    "96": Reason(
        "Not covered; the remark says why",
        "Read the remark code and the plan's benefits; decide on appeal or the client's consent.",
    ),
    "97": Reason(
        "Bundled into the payment for another service",
        "Check the code pair and whether a modifier belongs on it, then replace the claim.",
    ),
    "100": Reason("Paid to the client", "Collect from the client; check assignment of benefits."),
    "107": Reason("A related claim was not found", "Check whether the base service was billed."),
    "109": Reason(
        "Not this payer's to cover",
        "Find the right payer (a carve-out, often), then bill it as an original.",
    ),
    "110": Reason("Billed before the date of service", "Check the dates."),
    "119": Reason(
        "Benefit maximum for the period reached",
        "Check the benefit count; bill the next payer, if there is one.",
    ),
    "129": Reason("What an earlier payer decided looks wrong", "Compare with its remittance."),
    "131": Reason("Discount agreed for this claim"),
    "140": Reason("Client's id and name do not match", "Compare with the insurance card."),
    "146": Reason("Diagnosis not valid on the date of service", _CORRECT),
    "147": Reason("Contracted rate expired or not on file", "Ask provider relations."),
    "149": Reason("Lifetime maximum for this service reached", "Bill the next payer, if any."),
    "150": Reason("Level of service not supported", "Appeal with documentation, or correct."),
    "151": Reason("This many services not supported", "Appeal with documentation, or correct."),
    "163": Reason("An attachment named on the claim did not arrive", "Send it."),
    "167": Reason("Diagnosis not covered", "Check the plan's benefits with the clinician."),
    "170": Reason("Not payable to this type of provider", "Check licence rules of this payer."),
    "181": Reason("Procedure code not valid on the date of service", _CORRECT),
    "182": Reason("Modifier not valid on the date of service", _CORRECT),
    "185": Reason(
        "Rendering provider not eligible for this service",
        "Check the clinician's credentialing with this payer on the date of service.",
    ),
    "197": Reason("Authorization absent", _AUTHORIZE),
    "198": Reason("Authorization used up or exceeded", _AUTHORIZE),
    "204": Reason(
        "Not covered by the client's plan",
        "Check the benefits; ask the practice what the client agreed to.",
    ),
    "206": Reason("NPI missing", _CORRECT),
    "207": Reason("NPI not well-formed", _CORRECT),
    "208": Reason("NPI not matched", "Compare the NPI with the payer's file and the registry."),
    "222": Reason("More units than the contract allows", "Check units against the contract."),
    "226": Reason("The payer asked the practice for information and lacks it", "Supply it."),
    "227": Reason("The payer asked the client for information and lacks it", "Tell the client."),
    "231": Reason("Excludes another procedure of the same day", _CORRECT),
    "234": Reason("Not paid separately", "Check the code pair, then correct or accept."),
    "236": Reason("Procedure and modifier conflict with another of the same day", _CORRECT),
    "242": Reason(
        "Provider outside the network",
        "Check the network status on the date; ask about an exception or out-of-network benefit.",
    ),
    "243": Reason("Not authorized by the primary care provider", _AUTHORIZE),
    "252": Reason("An attachment is required", "Send what the remark names, with the claim."),
    "253": Reason("Federal sequestration", "Contractual: nobody's to pay."),
    "256": Reason("Not payable under the managed-care contract", "Check the contract."),
    "288": Reason("Referral absent", "Get the referral number and replace the claim (code 7)."),
    "A1": Reason("Denied; the remark says why", "Read the remark code."),
    "B7": Reason(
        "Provider not certified or eligible on the date of service",
        "Check enrollment and credentialing dates of the clinician with this payer.",
    ),
    "B11": Reason("Passed on to the right payer", "Wait for that payer's answer."),
    "B13": Reason("Already paid", "Find the earlier payment."),
    "B15": Reason("Needs a base service that was not received", "Bill the base code with it."),
    "B20": Reason("Furnished by another provider too", "Ask the practice."),
}

REMARKS: dict[str, str] = {
    "M51": "Procedure code missing or not valid",
    "M76": "Diagnosis missing or not valid",
    "MA04": "The earlier payer's decision is missing or unreadable",
    "MA130": "Could not be processed; no appeal: correct it and send it as a new claim",
    "N4": "The earlier payer's remittance is missing or not valid",
    "N56": "Procedure code does not fit the service or its date",
    "N130": "See the plan's benefit documents",
    "N290": "Rendering provider's identifier missing or not valid",
    "N382": "Client's identifier missing or not valid",
    "N657": "Bill this service with the code that fits it",
}
