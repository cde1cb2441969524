"""A good claim file to break, one defect at a time, its counts kept right."""

from collections.abc import Callable

from backoffice.rules.claim_facts import Frequency
from backoffice.services.claim_files import claim_file
from tests.edi.shapes import NOW, Shape, claim_of_shape, header

Mutation = Callable[[list[str]], None]

OFFICE = Shape(
    organization=True,
    dependent=False,
    facility=True,
    pay_to=True,
    place="11",
    frequency=Frequency.REPLACEMENT,
    other_payer=False,
    authorization=True,
)
SECONDARY = Shape(
    organization=False,
    dependent=True,
    facility=False,
    pay_to=False,
    place="10",
    frequency=Frequency.ORIGINAL,
    other_payer=True,
    authorization=False,
)


def good(shape: Shape = OFFICE) -> bytes:
    """A clean file of one claim with several lines."""
    return claim_file([claim_of_shape(shape, 3)], header=header(), now=NOW).data


def broken(mutation: Mutation, shape: Shape = OFFICE) -> bytes:
    """The good file after a mutation of its segments; SE01 is set right again."""
    segments = good(shape).decode().rstrip("~").split("~")
    before = len(segments)
    mutation(segments)
    if len(segments) != before:
        _recount(segments)
    return ("~".join(segments) + "~").encode("latin-1")


def _recount(segments: list[str]) -> None:
    start = next(at for at, each in enumerate(segments) if each.startswith("ST*"))
    end = next((at for at, each in enumerate(segments) if each.startswith("SE*")), None)
    if end is None:
        return
    parts = segments[end].split("*")
    parts[1] = str(end - start + 1)
    segments[end] = "*".join(parts)


def find(segments: list[str], begins: str, nth: int = 0) -> int:
    """Where the nth segment that begins so is."""
    return [at for at, each in enumerate(segments) if each.startswith(begins)][nth]


def put(begins: str, place: int, value: str, nth: int = 0) -> Mutation:
    """Set an element (1 is the first after the id) of the nth segment that begins so."""

    def mutation(segments: list[str]) -> None:
        at = find(segments, begins, nth)
        parts = segments[at].split("*")
        parts += [""] * (place + 1 - len(parts))
        parts[place] = value
        while not parts[-1]:
            parts.pop()
        segments[at] = "*".join(parts)

    return mutation


def swap(begins: str, whole: str, nth: int = 0) -> Mutation:
    """Replace the nth segment that begins so."""

    def mutation(segments: list[str]) -> None:
        segments[find(segments, begins, nth)] = whole

    return mutation


def drop(begins: str, nth: int = 0, count: int = 1) -> Mutation:
    """Take out the nth segment that begins so, and those after it up to `count`."""

    def mutation(segments: list[str]) -> None:
        at = find(segments, begins, nth)
        del segments[at : at + count]

    return mutation


def insert(after: str, whole: str, nth: int = 0) -> Mutation:
    """Put a segment behind the nth one that begins so."""

    def mutation(segments: list[str]) -> None:
        segments.insert(find(segments, after, nth) + 1, whole)

    return mutation


def both(first: Mutation, second: Mutation) -> Mutation:
    """One mutation, then another."""

    def mutation(segments: list[str]) -> None:
        first(segments)
        second(segments)

    return mutation
