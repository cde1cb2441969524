"""Secure threads between billers and a practice's people, most of them about a claim."""

from backoffice.services.messages.reading import (
    PAGE_SIZE,
    Box,
    Conversation,
    Cursor,
    Line,
    Listing,
    Said,
    box_counts,
    conversation,
    put_on_record,
    thread_for,
    threads,
)
from backoffice.services.messages.talking import (
    MessagingOff,
    NotForNotes,
    mark_read,
    reply,
    settle,
    start,
    who_hears,
)

__all__ = [
    "PAGE_SIZE",
    "Box",
    "Conversation",
    "Cursor",
    "Line",
    "Listing",
    "MessagingOff",
    "NotForNotes",
    "Said",
    "box_counts",
    "conversation",
    "mark_read",
    "put_on_record",
    "reply",
    "settle",
    "start",
    "thread_for",
    "threads",
    "who_hears",
]
