"""What is wrong with a postal address, judged once for readiness and scrub alike."""

import re
from collections.abc import Iterator
from enum import StrEnum

from backoffice.rules.claim_facts import AddressFacts
from backoffice.rules.codes import STATES

# "P.O. Box 12", "POB 12", "Post Office Box", "Lockbox": where post goes and nobody works.
_POST_OFFICE_BOX = re.compile(
    r"\b(?:P\.?\s*O\.?\s*B(?:OX|\b)|POST\s+OFFICE\s+BOX|POSTAL\s+BOX|LOCK\s*BOX)", re.IGNORECASE
)
_BOX_ALONE = re.compile(r"\s*BOX\s+#?\d+\s*", re.IGNORECASE)


class AddressFault(StrEnum):
    """One thing wrong with an address (N3, N4)."""

    ABSENT = "absent"
    STREET = "street"
    CITY = "city"
    STATE = "state"
    STATE_UNKNOWN = "state_unknown"
    ZIP = "zip"
    ZIP_MALFORMED = "zip_malformed"
    ZIP_NOT_NINE = "zip_not_nine"
    POST_OFFICE_BOX = "post_office_box"


INCOMPLETE = frozenset(
    {AddressFault.STREET, AddressFault.CITY, AddressFault.STATE, AddressFault.ZIP}
)
MALFORMED = frozenset({AddressFault.STATE_UNKNOWN, AddressFault.ZIP_MALFORMED})


def is_post_office_box(text: str) -> bool:
    """Tell whether a street line is a post office box or lockbox."""
    return bool(_POST_OFFICE_BOX.search(text) or _BOX_ALONE.fullmatch(text))


def address_faults(
    address: AddressFacts | None, *, where_people_work: bool
) -> Iterator[AddressFault]:
    """Yield what an address lacks.

    `where_people_work`: a billing provider's or facility's address needs all nine digits of its
    ZIP and is never a post office box; a person's or a pay-to address may be either. Outside the
    US neither state nor ZIP is asked for.
    """
    if address is None or _is_blank(address):
        yield AddressFault.ABSENT
        return
    if not address.line1.strip():
        yield AddressFault.STREET
    if not address.city.strip():
        yield AddressFault.CITY
    if address.country in {"", "US"}:
        yield from _in_the_us(address, nine_digits=where_people_work)
    if where_people_work and any(map(is_post_office_box, (address.line1, address.line2))):
        yield AddressFault.POST_OFFICE_BOX


def same_address(one: AddressFacts | None, other: AddressFacts | None) -> bool:
    """Tell whether two addresses are one place, whatever their case, spacing or ZIP+4."""
    return one is not None and other is not None and _key(one) == _key(other)


def _in_the_us(address: AddressFacts, *, nine_digits: bool) -> Iterator[AddressFault]:
    if not address.state:
        yield AddressFault.STATE
    elif address.state not in STATES:
        yield AddressFault.STATE_UNKNOWN
    if not address.zip:
        yield AddressFault.ZIP
    elif not (address.zip.isascii() and address.zip.isdigit() and len(address.zip) in {5, 9}):
        yield AddressFault.ZIP_MALFORMED
    elif nine_digits and len(address.zip) != 9:
        yield AddressFault.ZIP_NOT_NINE


def _is_blank(address: AddressFacts) -> bool:
    parts = (address.line1, address.line2, address.city, address.state, address.zip)
    return not any(part.strip() for part in parts)


def _key(address: AddressFacts) -> tuple[str, ...]:
    parts = (address.line1, address.line2, address.city, address.state, address.zip[:5])
    return tuple(re.sub(r"[\W_]+", " ", part).strip().casefold() for part in parts)
