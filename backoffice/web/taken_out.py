"""Tells of every file that leaves by a view which needs EXPORT: nobody has to remember to."""

from flask import Flask, Response, g
from flask_login import current_user

from backoffice.rules.roles import Permission
from backoffice.services import notifications
from backoffice.web.extensions import clock, house_work


def register(app: Flask) -> None:
    """Look at every answer before it goes."""
    app.after_request(tell_of_export)


def tell_of_export(response: Response) -> Response:
    """Have the person and the administrators told, where this answer is a file taken out."""
    leaves = response.headers.get("Content-Disposition", "").startswith("attachment")
    if g.get("permission") is Permission.EXPORT and response.status_code == 200 and leaves:
        with house_work() as unit:
            notifications.export_made(unit, current_user.id, now=clock())
    return response
