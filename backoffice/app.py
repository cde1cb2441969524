"""The portal: settings, extensions, blueprints and the door joined into one Flask app."""

import os
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask_login import AnonymousUserMixin
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice.config import Settings
from backoffice.gateways.documents import Documents, S3Documents
from backoffice.gateways.live import Live, RedisLive
from backoffice.gateways.logs import write_as
from backoffice.gateways.presence import RedisPresence
from backoffice.gateways.push import push_from
from backoffice.gateways.scanner import Scanner, scanner_at
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.services import field_keys
from backoffice.services.accounts import Person, person
from backoffice.services.notifications import TERMS, terms_from
from backoffice.services.work import sessions, unit_of_work
from backoffice.web import (
    account,
    accounts,
    adding,
    appointments,
    assets,
    claims,
    clients,
    compliance,
    disclosures,
    downloads,
    enrolling,
    errors,
    events,
    filing,
    filters,
    first_words,
    frame,
    glass,
    headers,
    identifiers,
    importing,
    intake,
    links,
    looks,
    mails,
    messages,
    messages_said,
    messages_switches,
    news,
    notices,
    on_record,
    own_people,
    payers,
    people,
    presence,
    promises,
    push,
    record,
    remittances,
    replies,
    slowing,
    submissions,
    taken_out,
    tasks,
    thread_work,
    today,
    viewer,
)
from backoffice.web.access import public, refuse_views_without_permission, stand_at_the_door
from backoffice.web.extensions import (
    DOCUMENTS,
    INTAKE_SESSIONS,
    SCANNER,
    SESSIONS,
    SETTINGS,
    csrf,
    db,
    login,
    session_factory,
)
from backoffice.web.sessions import current, keep_sessions
from backoffice.web.told import tell_of_requests

ROOT = Path(__file__).resolve().parent.parent
LARGEST_UPLOAD = 110 * 1024 * 1024
SCANNED_WITHIN = 10.0
"""Seconds that an upload waits for the scanner's word; a job asks again where none came."""


class SignInSwitchedOff(RuntimeError):
    """Flask-Login was told to let everybody in; the app does not start."""


BLUEPRINTS = (
    account.bp,
    accounts.bp,
    enrolling.bp,
    appointments.bp,
    claims.bp,
    clients.bp,
    compliance.bp,
    disclosures.bp,
    intake.bp,
    events.bp,
    submissions.bp,
    today.bp,
    mails.bp,
    messages.bp,
    first_words.bp,
    messages_said.bp,
    messages_switches.bp,
    presence.bp,
    push.bp,
    tasks.bp,
    thread_work.bp,
    adding.bp,
    filing.bp,
    viewer.bp,
    importing.bp,
    payers.bp,
    news.bp,
    notices.bp,
    remittances.bp,
    people.bp,
    promises.bp,
    replies.bp,
    record.bp,
    own_people.bp,
    links.bp,
    glass.bp,
    identifiers.bp,
)


def create_app(
    settings: Settings | None = None,
    *,
    documents: Documents | None = None,
    live: Live | None = None,
    scanner: Scanner | None = None,
) -> Flask:
    """Make the portal from settings (by default: the environment's)."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "backoffice" / "web" / "static"),
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True, "hide_parameters": True},
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        NEVER_EXTENDS={"static"},
        EVENTS_URL=None,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=0)  # type: ignore[method-assign]  # Flask's own way
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    app.extensions[SCANNER] = scanner or scanner_at(
        settings.clamd_url, silent_seconds=SCANNED_WITHIN
    )
    _join_extensions(app, settings, documents)
    for module in (assets, filters, errors, frame, looks, downloads, taken_out, viewer):
        module.register(app)
    app.before_request(stand_at_the_door)
    app.after_request(headers.dress)
    on_record.register(app)
    _join_views(app)
    events.register(app, live or RedisLive(settings.redis_url), app.extensions[SESSIONS])
    presence.register(app, RedisPresence(settings.redis_url))
    push.register(app, push_from(settings))
    refuse_views_without_permission(app)
    return app


def addresses() -> Flask:
    """Make the portal's views and nothing for them to work with: to be listed, never served."""
    app = Flask(__name__, static_folder=str(ROOT / "backoffice" / "web" / "static"))
    app.config["NEVER_EXTENDS"] = set()
    _join_views(app)
    return app


def _join_views(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.view_functions["static"] = public(app.view_functions["static"])


class DebugInTheOpen(RuntimeError):
    """Flask's debugger would answer strangers: it runs on this machine alone."""


def portal() -> Flask:
    """Start the portal as a server does: its own log, its settings looked at, all keys there.

    Raises SettingsIncomplete, DebugInTheOpen or KeysMissing; then nothing is served.
    """
    write_as("web")
    settings = Settings.from_environment(os.environ)
    app = create_app(settings)
    refuse_debug(app, settings)
    with unit_of_work(app.extensions[SESSIONS], house=True) as session:
        field_keys.stand_ready(session, now=datetime.now(UTC))
    with app.app_context():
        db.engine.dispose()  # gunicorn forks now: no two processes on one connection
    tell_of_requests(app)
    return app


def refuse_debug(app: Flask, settings: Settings) -> None:
    """Refuse to serve anybody but this machine with the debugger on."""
    if app.debug and not settings.is_loopback:
        raise DebugInTheOpen


def _join_extensions(app: Flask, settings: Settings, documents: Documents | None) -> None:
    app.extensions[SETTINGS] = settings
    db.init_app(app)
    with app.app_context():
        app.extensions[SESSIONS] = sessions(db.engine, info={TERMS: terms_from(settings)})
    app.extensions[INTAKE_SESSIONS] = sessions(
        create_engine(settings.intake_database_url, poolclass=NullPool, hide_parameters=True)
    )
    app.extensions[DOCUMENTS] = documents or S3Documents(
        endpoint_url=settings.s3_endpoint_url,
        bucket=settings.s3_bucket,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        region=settings.s3_region,
        encryption=settings.s3_encryption,
    )
    keep_sessions(app)
    slowing.register(app, settings)
    csrf.init_app(app)
    login.init_app(app)
    login.session_protection = None  # our sessions are rows, not claims of the client
    login.request_loader(_person_of_the_session)
    login.anonymous_user = AnonymousUserMixin
    if app.config.get("LOGIN_DISABLED"):
        raise SignInSwitchedOff


def _person_of_the_session(_request: object) -> Person | None:
    """Return Flask-Login's current_user: whoever our session names, with both factors given."""
    user_id = current().full_user_id
    if user_id is None:
        return None
    with unit_of_work(session_factory(), house=True, user_id=user_id) as unit:
        return person(unit, user_id)
