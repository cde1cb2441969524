"""`python -m backoffice.sandbox.demo`: load the demo once, say on stdout who may sign in."""

import json
import os
import sys
from datetime import UTC, datetime

from sqlalchemy import create_engine

from backoffice.config import Settings
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.sandbox.demo.loading import is_loaded, load
from backoffice.services.notifications import TERMS, terms_from
from backoffice.services.work import sessions

SEED = 20261122


def main() -> None:
    """Load into the database of the environment; a loaded one is left as it is."""
    settings = Settings.from_environment(os.environ)
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, hide_parameters=True)
    factory = sessions(engine, info={TERMS: terms_from(settings)})
    people = []
    if not is_loaded(factory):
        people = load(factory, seed=SEED, now=datetime.now(UTC)).people
    json.dump([sign_in.plain() for sign_in in people], sys.stdout)


if __name__ == "__main__":
    main()
