"""Replies kept ready: the fields that may stand in them, how they are filled, the shipped ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_PLACE = re.compile(r"\{([^{}]*)\}")


class MergeField(StrEnum):
    """What a reply may leave open. No name of a client: a thread stands beside its claim."""

    PRACTICE = "practice"
    CLAIM_NUMBER = "claim number"
    DATE_OF_SERVICE = "date of service"
    MISSING_ITEMS = "missing items"
    SENDER = "sender"


@dataclass(frozen=True)
class Canned:
    """A reply by its name, as somebody finds it after typing a slash."""

    name: str
    body: str


def unknown_fields(body: str) -> list[str]:
    """Return what stands in braces and is no field, in its order."""
    return [name for name in _PLACE.findall(body) if name.strip() not in set(MergeField)]


def merged(body: str, values: Mapping[MergeField, str]) -> str:
    """Fill in what is known; what isn't stands in brackets, for the writer to see and replace.

    What is filled in is never read for fields again.
    """

    def fill(place: re.Match[str]) -> str:
        name = place[1].strip()
        if name not in set(MergeField):
            return place[0]
        return values.get(MergeField(name)) or f"[{name}]"

    return _PLACE.sub(fill, body)


DEFAULTS = (
    # what is missing before an appointment can be billed
    Canned(
        "Missing items",
        "To bill {date of service} we still need:\n{missing items}\n\nPlease fill it in under"
        " Missing, or answer here.\n{sender}",
    ),
    Canned(
        "Insurance card",
        "Please send both sides of the insurance card for this client, as a photo or a scan."
        " The member ID on file was not found by the payer.\n{sender}",
    ),
    Canned(
        "Member ID",
        "The payer does not know the member ID that we have. Please check it against the card,"
        " letters included, and answer here.\n{sender}",
    ),
    Canned(
        "Date of birth",
        "The date of birth on file differs from the payer's. Please confirm it with the"
        " client.\n{sender}",
    ),
    Canned(
        "Client address",
        "We need the client's full address as the payer has it: street, city, state and ZIP."
        "\n{sender}",
    ),
    Canned(
        "Insured person",
        "The policy is in somebody else's name. Please tell us the insured's name, date of birth,"
        " sex and address, and how the client is related to them.\n{sender}",
    ),
    Canned(
        "Diagnosis",
        "The session of {date of service} has no diagnosis yet. Please add at least one in"
        " the appointment.\n{sender}",
    ),
    Canned(
        "Signed note",
        "The note for {date of service} is not signed yet; we hold the claim until it is."
        " Please do not send the note itself.\n{sender}",
    ),
    Canned(
        "Place of service",
        "Was the session of {date of service} in the office, or by video, and if so was the"
        " client at home?\n{sender}",
    ),
    Canned(
        "Authorization number",
        "This payer asks for an authorization for {date of service}. Please send its number, its"
        " days and how many visits it covers.\n{sender}",
    ),
    # what payers deny, by family
    Canned(
        "Denied: coverage ended",
        "Claim {claim number} was denied: coverage was not in force on {date of service}. Does the"
        " client have other insurance? If so please send the card.\n{sender}",
    ),
    Canned(
        "Denied: other insurance first",
        "Claim {claim number} was denied: the payer believes that another insurance pays first."
        " Please ask the client to update this with their plan, and tell us which pays"
        " first.\n{sender}",
    ),
    Canned(
        "Denied: no authorization",
        "Claim {claim number} was denied for want of an authorization. If there was one for"
        " {date of service}, please send its number; if not, tell us whether to ask for one"
        " after the fact.\n{sender}",
    ),
    Canned(
        "Denied: filed late",
        "Claim {claim number} was denied as filed too late. Please send whatever shows when it was"
        " first filed or why it waited; we appeal with it.\n{sender}",
    ),
    Canned(
        "Denied: not covered",
        "Claim {claim number} was denied: the plan does not cover this service. Please tell us"
        " whether the client was told beforehand, before anything is billed to them.\n{sender}",
    ),
    Canned(
        "Denied: more information",
        "The payer asks for more information on claim {claim number}. Please see what is listed"
        " beside this thread and send only what is asked for.\n{sender}",
    ),
    Canned(
        "Denied: credentialing",
        "Claim {claim number} was denied: the payer does not have the clinician in its network on"
        " {date of service}. Please send the enrollment letter if you have one.\n{sender}",
    ),
    # the rest of the day
    Canned(
        "EOB wanted",
        "This payer sends us no payment reports. Please send the EOB for claim {claim number}"
        " when it comes to {practice}.\n{sender}",
    ),
    Canned(
        "Thank you, filed",
        "Thank you, we have what we need. The claim for {date of service} goes out with the next"
        " file.\n{sender}",
    ),
)  # fmt: skip
"""Shipped with the house. One of the house's own, or of a practice, stands in by the same name."""
