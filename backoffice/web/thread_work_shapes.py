"""What a thread's page shows of it as work: whose it is, what is promised, what may be done."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.messages import Thread
from backoffice.rules.roles import Permission
from backoffice.services import assignments
from backoffice.web.extensions import clock, me


def work_of(session: Session, thread: Thread) -> dict[str, Any]:
    """Return a thread's work for messages/work.html; `may` is false for whoever only looks on."""
    may = me().may_in(thread.practice_id, Permission.DO_TASKS)
    gives = me().may_in(thread.practice_id, Permission.ASSIGN_WORK)
    now = clock()
    asleep = thread.snoozed_until is not None and thread.snoozed_until > now
    return {
        "may": may,
        "mine": thread.owner_id == me().id,
        "givable": assignments.doers(session, thread.practice_id) if may and gives else (),
        "due_at": thread.due_at,
        "late": thread.due_at is not None and thread.due_at <= now,
        "asleep_until": thread.snoozed_until if asleep else None,
        "canned_url": url_for("replies.offer", thread_id=thread.id) if may else None,
        "once": new_id(),
    }
