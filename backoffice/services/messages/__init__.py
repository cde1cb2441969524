"""Secure threads between billers and a practice's people, most of them about a claim."""

from backoffice.services.messages.attaching import Attached, offered, usual_kind
from backoffice.services.messages.beginning import About, To, practice_of
from backoffice.services.messages.boxes import (
    NEARLY,
    OF_THE_PRACTICE,
    PAGE_SIZE,
    Box,
    Cursor,
    Listing,
    Promised,
    box_counts,
    promised,
    threads,
)
from backoffice.services.messages.changing import (
    Trace,
    Version,
    edit,
    own_message,
    trace,
    withdraw,
    withdrawable,
)
from backoffice.services.messages.circle import Circle, Correspondent, circle_of
from backoffice.services.messages.drafts import (
    FirstWords,
    draft_of,
    drop_draft,
    drop_first_words,
    first_words_of,
    keep_draft,
    keep_first_words,
)
from backoffice.services.messages.lines import Line
from backoffice.services.messages.reading import (
    Conversation,
    Said,
    conversation,
    put_on_record,
    thread_for,
)
from backoffice.services.messages.refusals import MessagingOff, MessagingOffForYou, NotForNotes
from backoffice.services.messages.saying import MOST
from backoffice.services.messages.talking import (
    mark_read,
    reply,
    settle,
    start,
    usual,
    who_hears,
)

__all__ = [
    "MOST",
    "NEARLY",
    "OF_THE_PRACTICE",
    "PAGE_SIZE",
    "About",
    "Attached",
    "Box",
    "Circle",
    "Conversation",
    "Correspondent",
    "Cursor",
    "FirstWords",
    "Line",
    "Listing",
    "MessagingOff",
    "MessagingOffForYou",
    "NotForNotes",
    "Promised",
    "Said",
    "To",
    "Trace",
    "Version",
    "box_counts",
    "circle_of",
    "conversation",
    "draft_of",
    "drop_draft",
    "drop_first_words",
    "edit",
    "first_words_of",
    "keep_draft",
    "keep_first_words",
    "mark_read",
    "offered",
    "own_message",
    "practice_of",
    "promised",
    "put_on_record",
    "reply",
    "settle",
    "start",
    "thread_for",
    "threads",
    "trace",
    "usual",
    "usual_kind",
    "who_hears",
    "withdraw",
    "withdrawable",
]
