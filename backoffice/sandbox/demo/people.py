"""Who may sign in to the demo."""

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backoffice.models.factors import Factor, FactorKind
from backoffice.models.practices import Clinician, Practice
from backoffice.models.sealing import keyring
from backoffice.models.users import Membership, User
from backoffice.rules.roles import Role
from backoffice.services.accounts import email_key, hash_password, secret_of

_WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "islet",
    "jetty",
    "kayak",
    "larch",
    "maple",
    "north",
    "ocean",
    "pearl",
    "quartz",
    "river",
    "slate",
    "tulip",
    "umbra",
    "vivid",
    "willow",
    "yarrow",
    "zephyr",
]


@dataclass(frozen=True)
class SignInOf:
    """One demo sign-in, as `./dev run` prints it."""

    email: str
    password: str
    role: str
    practice: str
    totp: str
    """The secret of their authenticator app, base32; `backoffice totp EMAIL` shows its code."""

    def plain(self) -> dict[str, str]:
        """Return it as var/run.json has it."""
        return vars(self).copy()


def load_people(
    session: Session, practices: list[Practice], clinicians: dict[Practice, list[Clinician]]
) -> list[SignInOf]:
    """Make staff for all practices, an owner and a clinician for the first three and the solo."""
    password = "-".join(secrets.choice(_WORDS) for _ in range(4))
    hashed = hash_password(password)
    made: list[SignInOf] = []

    def person(name: str, role: Role, practice: Practice | None, *, house: bool = False) -> User:
        first = name.split()[0].lower()
        where = practice.short_name.split()[0].lower() if practice else "cleanclaim"
        email = f"{first}@{where}.example"
        user = User(
            email=email,
            email_key=email_key(email),
            name=name,
            password_hash=hashed,
            house_role=role if house else None,
        )
        session.add(user)
        session.flush()
        label = practice.name if practice else "all practices"
        app = _an_app(user)
        session.add(app)
        made.append(SignInOf(email, password, role.value, label, secret_of(app)))
        return user

    ana = person("Ana Sample", Role.BILLER, None)
    ben = person("Ben Example", Role.BILLER, None)
    lead = person("Lena Leadley", Role.BILLER_LEAD, None)
    person("Cleo Mockwell", Role.ADMINISTRATOR, None, house=True)
    for practice in practices:
        for user, role in ((ana, Role.BILLER), (lead, Role.BILLER_LEAD)):
            _join(session, user, practice, role)
    for practice in practices[:4]:
        _join(session, ben, practice, Role.BILLER)
    for practice in (*practices[:3], practices[-1]):
        owner = person(f"Oona {practice.short_name.split()[0]}", Role.PRACTICE_OWNER, practice)
        _join(session, owner, practice, Role.PRACTICE_OWNER)
        clinician = clinicians[practice][0]
        user = person(clinician.name, Role.CLINICIAN, practice)
        clinician.user_id = user.id
        _join(session, user, practice, Role.CLINICIAN)
    return made


def _an_app(user: User) -> Factor:
    """Give somebody an authenticator app: the same secret in every load of one data folder."""
    now = datetime.now(UTC)
    app = Factor(
        user_id=user.id,
        kind=FactorKind.TOTP,
        name="Demo app",
        created_at=now,
        confirmed_at=now,
    )
    seed = keyring().blind_index(None, "demo_totp", user.email_key)
    app.secret = base64.b32encode(seed[:20]).decode()
    return app


def _join(session: Session, user: User, practice: Practice, role: Role) -> None:
    session.add(Membership(practice_id=practice.id, user_id=user.id, role=role))
