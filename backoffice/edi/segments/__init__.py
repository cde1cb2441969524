"""Delimiters from the ISA; any bytes to numbered segments, streaming; and segments to bytes."""

from backoffice.edi.segments.reader import MAX_SEGMENT, SegmentReader, Source, chunks
from backoffice.edi.segments.shapes import Delimiters, Segment
from backoffice.edi.segments.writer import (
    Change,
    Element,
    EmptySegment,
    NotInCharacterSet,
    Text,
    Writer,
    without_accents,
)

__all__ = [
    "MAX_SEGMENT",
    "Change",
    "Delimiters",
    "Element",
    "EmptySegment",
    "NotInCharacterSet",
    "Segment",
    "SegmentReader",
    "Source",
    "Text",
    "Writer",
    "chunks",
    "without_accents",
]
