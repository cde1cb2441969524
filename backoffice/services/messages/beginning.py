"""What a thread that is to begin is about, and for whom it is."""

from dataclasses import dataclass
from uuid import UUID

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.documents import Document
from backoffice.models.practices import Practice
from backoffice.services.messages.circle import Circle

About = Claim | Client | Appointment | Document | Practice
"""What a thread may be about: one of these rows, or the practice and nothing more."""


@dataclass(frozen=True)
class To:
    """Who takes part in a new thread, besides whoever starts it: people, groups, or both."""

    people: frozenset[UUID] = frozenset()
    billers: bool = False
    """All billers of this practice, whoever they are when something is said."""
    readers: bool = False
    """Its owners and billing people, likewise."""

    def all_in(self, circle: Circle) -> frozenset[UUID]:
        """Return everybody meant, as it stands now."""
        billers = circle.billers if self.billers else frozenset()
        return self.people | billers | (circle.readers if self.readers else frozenset())


def practice_of(about: About) -> UUID:
    """Return whose a row is that a thread may be about."""
    return about.id if isinstance(about, Practice) else about.practice_id


def column_of(about: About) -> dict[str, UUID]:
    """Return the column that names what a thread is about; none where it is the practice alone."""
    return {} if isinstance(about, Practice) else {f"{type(about).__name__.lower()}_id": about.id}
