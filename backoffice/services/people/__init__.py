"""People: invited, given roles and practices, let go; links to their accounts; broken glass."""

from backoffice.services.people import changing, glass, inviting, links, listing, opening
from backoffice.services.people.refusals import LinkRefused

__all__ = ["LinkRefused", "changing", "glass", "inviting", "links", "listing", "opening"]
