"""Second factors for the people of the tests, and the walk through both steps of signing in."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.factors import Factor, FactorKind
from backoffice.models.users import User
from backoffice.services.accounts import code_at, step_of
from backoffice.web.extensions import clock
from tests.cast import PASSWORD
from tests.pages import Browser, Page

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def an_app(session: Session, user_id: UUID, *, secret: str = SECRET) -> Factor:
    """An authenticator app that somebody set up a while ago."""
    then = clock() - timedelta(days=30)
    app = Factor(
        user_id=user_id,
        kind=FactorKind.TOTP,
        name="Phone",
        created_at=then,
        confirmed_at=then,
    )
    app.secret = secret
    session.add(app)
    session.flush()
    return app


def code_of(app: Factor, at: datetime | None = None, *, later: int = 0) -> str:
    """The code that an app shows, or shows so many steps later."""
    return code_at(app, step_of(at or clock()) + later)


def give_password(browser: Browser, user: User, *, wanted: str = "") -> Page:
    """The first step."""
    browser.get("/sign-in")
    return browser.post("/sign-in", email=user.email, password=PASSWORD, next=wanted)


def sign_in_by_form(browser: Browser, user: User, app: Factor, *, wanted: str = "") -> Page:
    """Both steps."""
    browser.get(give_password(browser, user, wanted=wanted).location)
    return browser.post("/sign-in/factor", factor_code=code_of(app), next=wanted)
