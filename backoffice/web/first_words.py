"""What is typed into the form of a new thread: kept as one types, thrown away on request."""

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue

from backoffice.rules.roles import Permission
from backoffice.services import messages
from backoffice.services.refusal import NotVisible, Refused
from backoffice.web.access import needs
from backoffice.web.extensions import clock, me, work
from backoffice.web.messages_about import practice_at, row_at
from backoffice.web.messages_forms import FirstWordsForm
from backoffice.web.messages_shapes import where_it_stands

bp = Blueprint("first_words", __name__, url_prefix="/messages/first-words")


class NothingToBegin(Refused):
    """What a thread was to be about is not there, or not open to this person."""

    code = "nothing_to_begin"

    def __init__(self) -> None:
        """Say the same of both."""
        super().__init__("What this was to be about is not open to you.")


@bp.post("")
@needs(Permission.SEND_MESSAGES)
def keep() -> ResponseReturnValue:
    """Keep what stands in the form, or throw it away where that is asked for."""
    form = FirstWordsForm()
    name, row_id = form.stands_for
    if name is None or row_id is None or not form.validate_on_submit():
        raise NothingToBegin
    try:
        with work(practice=practice_at(name, row_id)) as session:
            row = row_at(session, name, row_id)
            if form.away.data:
                messages.drop_first_words(session, row, by=me())
            else:
                messages.keep_first_words(session, row, form.words, by=me(), now=clock())
            back = where_it_stands(row)
    except NotVisible:
        raise NothingToBegin from None
    if not form.away.data:
        return "", 204
    flash("Thrown away.", "done")
    return redirect(back)
