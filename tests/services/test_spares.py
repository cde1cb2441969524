"""Used databases of the tests: wiped, and never handed on while somebody else looks in."""

from tests.servers import Servers
from tests.wiping import Spares


def test_a_spare_where_somebody_knocked_since_its_wipe_is_not_handed_on(
    servers: Servers, template: str
) -> None:
    spares = Spares(servers.postgres, template)
    name = spares.take()
    spares.give_back(name)

    with servers.postgres.superuser(name):
        fresh = spares.take()
        with servers.postgres.superuser(fresh) as connection:
            found = connection.execute("SELECT current_database()").fetchone()
        spares.give_back(fresh)

    assert found == (fresh,)
    spares.drop_all()
    with servers.postgres.superuser() as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname = ANY(%s)", [[name, fresh]]
        ).fetchall()
    assert left == []


def test_what_a_test_only_used_is_wiped_and_handed_on(servers: Servers, template: str) -> None:
    spares = Spares(servers.postgres, template)
    name = spares.take()
    with servers.postgres.superuser(name) as connection:
        connection.execute("CREATE TEMPORARY TABLE aside (word text)")
        connection.execute("INSERT INTO field_keys VALUES (%s, now())", ["k9"])
    spares.give_back(name)

    with servers.postgres.superuser() as connection:
        known = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [name])
        before = known.fetchone()
        again = spares.take()
        known = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [again])
        after = known.fetchone()
        vacuums = connection.execute("SHOW autovacuum").fetchone()
    spares.give_back(again)
    spares.drop_all()

    assert (again != name, after == before) == (True, True)
    assert vacuums == ("off",), "its statistics would make every used database unlike a fresh one"
