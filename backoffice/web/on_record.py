"""No answer shows anything of a patient that is not on record first."""

from uuid import UUID

from flask import Flask, Response, current_app, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from backoffice.services import audit
from backoffice.services.audit import shown
from backoffice.services.work import unit_of_work
from backoffice.web import errors
from backoffice.web.extensions import actor, me, session_factory

log = get_logger()

TRIED = "try"
_SHOWS_NOTHING = range(300, 400)
_FAULTS = range(500, 600)
_NO_ENTRY = {403: audit.Outcome.DENIED, 404: audit.Outcome.ABSENT}


def register(app: Flask) -> None:
    """Gather from a request's first step; write before its answer leaves, or show nothing."""
    app.before_request(shown.begin_gathering)
    app.after_request(write_first)
    app.teardown_request(_end)


def write_first(answer: Response) -> Response:
    """Put on record what this answer shows, or what was tried in vain; else answer 503."""
    seen = shown.gathered()
    if seen is None or request.endpoint == "static" or not current_user.is_authenticated:
        return answer
    try:
        with shown.gather_into(None):
            if answer.status_code in _NO_ENTRY:
                _record_try(_NO_ENTRY[answer.status_code])
            elif answer.status_code not in _SHOWS_NOTHING and answer.status_code not in _FAULTS:
                _record_sight(seen, refused=answer.status_code >= 400)
    except SQLAlchemyError as problem:
        log.error("not on record", kind=type(problem).__name__, endpoint=request.endpoint)
        answer.close()
        with shown.gather_into(None):
            return current_app.make_response(errors.page(503))
    return answer


def _record_sight(seen: shown.Shown, *, refused: bool) -> None:
    if not seen.sights:
        return
    outcome = audit.Outcome.REFUSED if refused else audit.Outcome.DONE
    with unit_of_work(session_factory(), practices=seen.sights, user_id=me().id) as session:
        audit.act_as(session, actor())
        audit.put_on_record(session, seen, about=_named(), outcome=outcome)


def _record_try(outcome: audit.Outcome) -> None:
    """Note that somebody asked for what is not theirs, or not there: we don't say which."""
    tried = {
        name: value for name, value in (request.view_args or {}).items() if isinstance(value, UUID)
    }
    if not tried:
        return
    practices = me().practice_ids
    with unit_of_work(session_factory(), practices=practices, user_id=me().id) as session:
        audit.act_as(session, actor())
        audit.record(
            session,
            TRIED,
            subject_kind=_named()[0],
            subject_ids=sorted(tried.values()),
            practice_id=next(iter(practices)) if len(practices) == 1 else None,
            detail={"page": request.endpoint},
            outcome=outcome,
        )


def _named() -> list[str]:
    """Return the kinds that the address names, the innermost first: claim_id is a claim."""
    names = [
        name.removesuffix("_id")
        for name, value in (request.view_args or {}).items()
        if isinstance(value, UUID)
    ]
    return [*reversed(names), ""]


def _end(_problem: BaseException | None) -> None:
    shown.end_gathering()
