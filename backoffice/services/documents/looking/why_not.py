"""Why a file is not taken: a code for machines, words for whoever sent it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backoffice.services.refusal import Refused


class WhyNot(StrEnum):
    """What keeps a file out."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"
    NOT_OF_KIND = "not_of_kind"
    TWO_KINDS = "two_kinds"
    TORN = "torn"
    TOO_MANY_PIXELS = "too_many_pixels"
    FORMULAS = "formulas"
    NO_REMITTANCE = "no_remittance"


WORDS: Final[Mapping[WhyNot, str]] = MappingProxyType(
    {
        WhyNot.EMPTY: "The file is empty.",
        WhyNot.TOO_LARGE: "The file is larger than 25 MB.",
        WhyNot.UNKNOWN: (
            "This is no PDF, JPEG, PNG, TIFF or HEIC, whatever its name says. Print it to a PDF,"
            " or take a photo of it."
        ),
        WhyNot.NOT_OF_KIND: (
            "This kind of file does not fit what you chose. An 835 is an ERA file and nothing else"
            " is; a CSV goes in as Other; paper and photos as what they are."
        ),
        WhyNot.TWO_KINDS: (
            "This file is two kinds of file in one, which only dangerous ones are. Print it to a"
            " new PDF and send that."
        ),
        WhyNot.TORN: "The file is cut off or damaged. Save it again and send it anew.",
        WhyNot.TOO_MANY_PIXELS: (
            "The picture has more than 120 million pixels. Save it smaller, at 300 dots an inch."
        ),
        WhyNot.FORMULAS: (
            "The table holds formulas, which could run at whoever opens it. Save the values only."
        ),
        WhyNot.NO_REMITTANCE: "This is no 835 that can be read to its end.",
    }
)


class NotTaken(Refused):
    """The file is not one that we keep; `why` says what keeps it out."""

    code = "file_not_taken"

    def __init__(self, why: WhyNot) -> None:
        """Say it at the field."""
        super().__init__(WORDS[why], field="file")
        self.why = why
