"""What is said of a finding: its words, why the payer needs it, how and where to put it right."""

from typing import NamedTuple

from backoffice.rules.readiness.vocabulary import Screen, Subject, Supplier, Weight, Where


class FindingKind(NamedTuple):
    """Everything about one finding code that does not depend on the case at hand."""

    subject: Subject
    field: str  # the value's machine name, as in the facts
    label: str  # what is missing or wrong, a short sentence without its full stop
    why: str  # why the payer needs it
    fix: str  # how it is put right
    supplier: Supplier
    weight: Weight
    where: Where


class Kinds:
    """Builds the kinds of one subject, whose screen is mostly the subject's own."""

    def __init__(self, subject: Subject, supplier: Supplier) -> None:
        self.subject = subject
        self.supplier = supplier
        self.screen = Screen[subject.name]

    def missing(self, field: str, where: str, label: str, why: str, fix: str) -> FindingKind:
        """Return a kind that blocks: the claim can't go without it, or would come back."""
        return self._kind(Weight.BLOCKS, field, where, (label, why, fix))

    def holding(self, field: str, where: str, label: str, why: str, fix: str) -> FindingKind:
        """Return a kind that holds: the claim is right and waits for an event."""
        return self._kind(Weight.HOLDS, field, where, (label, why, fix))

    def warning(self, field: str, where: str, label: str, why: str, fix: str) -> FindingKind:
        """Return a kind that warns: nothing stops."""
        return self._kind(Weight.WARNS, field, where, (label, why, fix))

    def _kind(
        self, weight: Weight, field: str, where: str, said: tuple[str, str, str]
    ) -> FindingKind:
        label, why, fix = said
        place = Where(self.screen, where)
        return FindingKind(self.subject, field, label, why, fix, self.supplier, weight, place)


def supplied_by(kind: FindingKind, supplier: Supplier) -> FindingKind:
    """Return the kind with another supplier than most of its subject's."""
    return kind._replace(supplier=supplier)


def entered_on(kind: FindingKind, screen: Screen) -> FindingKind:
    """Return the kind with another screen than its subject's own."""
    return kind._replace(where=Where(screen, kind.where.label))
