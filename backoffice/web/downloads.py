"""Answers that are files to keep: a table as CSV or XLSX, under a name of ours."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from flask import Flask, Response, request

from backoffice.services.exporting import Cell, FileForm, written
from backoffice.web.asked import asked_as
from backoffice.web.frame import way


def exports(endpoint: str) -> dict[str, str] | None:
    """Return where this page's list is taken out, by form, as it is filtered; None: may not."""
    path = way(endpoint)
    if path is None:
        return None
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "as"]
    return {form.value: f"{path}?{urlencode([*query, ('as', form.value)])}" for form in FileForm}


def register(app: Flask) -> None:
    """Give every template `exports`."""
    app.jinja_env.globals["exports"] = exports


def asked_form() -> FileForm:
    """Return the form that the address asks for (?as=xlsx); CSV where it asks for none."""
    return asked_as(FileForm, request.args.get("as", FileForm.CSV.value))


def table(
    name: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    form: FileForm,
    notice: str = "",
) -> Response:
    """Return a whole table as a download; `name` is ours, without an ending."""
    body = written(form, head, rows, notice=notice)
    answer = Response(body, content_type=form.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{form.value}"'
    return answer
