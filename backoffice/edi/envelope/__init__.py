"""ISA/GS/ST to SE/GE/IEA: open, close, count, check control numbers; in and out."""

from backoffice.edi.envelope.reader import EnvelopeReader
from backoffice.edi.envelope.shapes import Group, Interchange, InterchangeReply, TransactionSet
from backoffice.edi.envelope.writer import BadEnvelope, EnvelopeWriter

__all__ = [
    "BadEnvelope",
    "EnvelopeReader",
    "EnvelopeWriter",
    "Group",
    "Interchange",
    "InterchangeReply",
    "TransactionSet",
]
