"""Bringing files in: upload, watch the check, read what it would do, save."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.intake import BatchState, IntakeBatch
from backoffice.rules.roles import Permission
from backoffice.services import intake as intake_service
from backoffice.services.intake import batches, keeping, reports
from backoffice.services.intake.fields import FIELDS
from backoffice.web.access import needs
from backoffice.web.downloads import asked_form, table
from backoffice.web.extensions import clock, documents, house_work, me, open_practices
from backoffice.web.intake_forms import BringForm

bp = Blueprint("intake", __name__, url_prefix="/intake")

PAGE = 50
RUNNING = frozenset({BatchState.UPLOADED, BatchState.CHECKING, BatchState.COMMITTING})


@bp.route("", methods=["GET", "POST"])
@needs(Permission.IMPORT_FILES)
def index() -> ResponseReturnValue:
    """Show earlier batches; take files and ask for their check."""
    form = BringForm(data={"practice": request.args.get("practice", "")})
    own = [each for each in me().practices if each.id in open_practices()]
    form.offer(intake_service.available(), own, may_begin=batches.may_begin_practices(me()))
    if not form.validate_on_submit():
        with house_work() as session:
            page = render_template("intake/index.html", form=form, **_list(session))
        return page, 422 if form.errors else 200
    batch_id = new_id()
    uploads = [(file.filename, file.stream) for file in form.files.data]
    kept = keeping.keep(documents(), batch_id, uploads)
    practice_id = UUID(form.practice.data) if form.practice.data else None
    with house_work() as session:
        batches.bring(
            session,
            batch_id,
            form.mapping.data,
            kept,
            practice_id=practice_id,
            now=clock(),
            agreement_on=form.data.get("agreement_on"),
        )
    return redirect(url_for(".show", batch_id=batch_id))


@bp.get("/<uuid:batch_id>")
@needs(Permission.IMPORT_FILES)
def show(batch_id: UUID) -> ResponseReturnValue:
    """Show what a batch would do, or did."""
    with house_work() as session:
        batch = batches.batch_of(session, batch_id, me())
        return render_template("intake/show.html", **_whole(session, batch))


@bp.get("/<uuid:batch_id>/progress")
@needs(Permission.IMPORT_FILES)
def progress(batch_id: UUID) -> ResponseReturnValue:
    """Answer the progress bar; the whole page is loaded anew when the work is done."""
    with house_work() as session:
        batch = batches.batch_of(session, batch_id, me())
        fragment = render_template("intake/progress.html", batch=batch)
    answer = Response(fragment)
    if batch.state not in RUNNING:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/<uuid:batch_id>/commit")
@needs(Permission.IMPORT_FILES)
def commit(batch_id: UUID) -> ResponseReturnValue:
    """Ask for what was checked to be saved."""
    with house_work() as session:
        batches.confirm(session, batches.batch_of(session, batch_id, me()), now=clock())
    return redirect(url_for(".show", batch_id=batch_id))


@bp.get("/<uuid:batch_id>/refused")
@needs(Permission.IMPORT_FILES)
def problems(batch_id: UUID) -> ResponseReturnValue:
    """Download every refused row with its reason, as CSV or XLSX."""
    form = asked_form()
    with house_work() as session:
        batch = batches.batch_of(session, batch_id, me())
        found = batches.problems_of(session, batch.id)
        batches.note_download(session, batch, found)
        rows = reports.rows(found, batch.counts)
        return table(f"intake-{batch.id}", reports.HEADER, rows, form=form)


def _list(session: Session) -> dict[str, Any]:
    before = request.args.get("before", type=UUID)
    listed = batches.recent(session, me(), before=before, size=PAGE + 1)
    shown = listed[:PAGE]
    older = url_for(".index", before=shown[-1].id) if len(listed) > PAGE else None
    formats = [
        (f"{kind}.csv", ", ".join(field.name for field in columns))
        for kind, columns in FIELDS.items()
    ]
    return {"batches": shown, "older": older, "newer": before and url_for(".index"),
            "formats": formats}  # fmt: skip


def _whole(session: Session, batch: IntakeBatch) -> dict[str, Any]:
    files = batch.counts.get("files", [])
    total = batches.problem_count(session, batch.id)
    return {
        "batch": batch,
        "kinds": [{"id": number, **file} for number, file in enumerate(files)],
        "notes": batches.notes_of(batch),
        "missing": sorted(batch.counts.get("missing", {}).items()),
        "totals": batches.totals(batch.counts),
        "problem_total": total,
        **_problems(session, batch, total),
    }


def _problems(session: Session, batch: IntakeBatch, total: int) -> dict[str, Any]:
    """Return a page of what is wrong: `after` is the row before it, `at` its first number."""
    first = request.args.get("at", 1, type=int)
    after = request.args.get("after", type=UUID)
    found = batches.problems_of(session, batch.id, after=after, size=PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    last = shown[-1].id if shown else None
    following = url_for(".show", batch_id=batch.id, after=last, at=first + PAGE)
    page = {
        "first": first,
        "last": first + len(shown) - 1,
        "total": total,
        "exact": True,
        "size": PAGE,
        "next": following if more else None,
        "previous": url_for(".show", batch_id=batch.id) if after else None,
    }
    return {"problems": shown, "page": page}
