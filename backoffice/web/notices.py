"""What one wants to be told by mail: how of each kind of thing, when, and practice by practice."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.rules.notices import Topic, Way, topics_for, ways_for
from backoffice.services.accounts import Chip
from backoffice.services.notifications.wishes import (
    TOPIC_WORDS,
    CannotChoose,
    Wishes,
    choose,
    wishes_of,
)
from backoffice.services.refusal import NotVisible
from backoffice.web.access import signed_in
from backoffice.web.asked import asked_as
from backoffice.web.extensions import clock, me, settings, work
from backoffice.web.notices_forms import RhythmForm

bp = Blueprint("notices", __name__, url_prefix="/account/notices")


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Go to the choice for the practice asked for, or the first of one's own."""
    own = [each for each in me().practices if each.id not in me().glass]
    if not own:
        return render_template("notices/none.html")
    return redirect(url_for(".show", practice_id=own[0].id))


@bp.get("/<uuid:practice_id>")
@signed_in
def show(practice_id: UUID) -> ResponseReturnValue:
    """Show what one hears of in one practice, and how."""
    with work(practice=practice_id) as session:
        wishes = wishes_of(session, practice_id)
    return _page(practice_id, wishes, RhythmForm.of(wishes.rhythm(me().id)))


@bp.post("/<uuid:practice_id>")
@signed_in
def save(practice_id: UUID) -> ResponseReturnValue:
    """Keep the choice; what would leave something unheard is refused beside its field."""
    form = RhythmForm()
    ways = {
        topic: asked_as(Way, request.form[topic.value])
        for topic in Topic
        if topic.value in request.form
    }
    with work(practice=practice_id) as session:
        wishes = wishes_of(session, practice_id)
        if not form.validate():
            return _page(practice_id, wishes, form, ways=ways), 422
        try:
            choose(session, practice_id, me().id, ways=ways, rhythm=form.rhythm, now=clock())
        except CannotChoose as refused:
            return _page(practice_id, wishes, form, ways=ways, refused=refused), 422
    flash("Saved", "done")
    return redirect(url_for(".show", practice_id=practice_id))


def _page(
    practice_id: UUID,
    wishes: Wishes,
    form: RhythmForm,
    *,
    ways: Mapping[Topic, Way] | None = None,
    refused: CannotChoose | None = None,
) -> str:
    role = wishes.role_of(me().id)
    own = topics_for(role) if role else ()
    return render_template(
        "notices/show.html",
        practice=_practice(practice_id),
        others=[each for each in me().practices if each.id not in me().glass],
        topics=[
            {
                "name": topic.value,
                "words": TOPIC_WORDS[topic],
                "ways": ways_for(topic),
                "way": (ways or {}).get(topic, wishes.way(me().id, topic)),
                "problem": str(refused) if refused and refused.field == topic.value else "",
            }
            for topic in own
        ],
        hears_messages=Topic.UNREAD_MESSAGE in own,
        usual_minutes=settings().unread_mail_seconds // 60,
        form=form,
    )


def _practice(practice_id: UUID) -> Chip:
    for practice in me().practices:
        if practice.id == practice_id:
            return practice
    raise NotVisible
