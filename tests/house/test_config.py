"""Settings come from the environment alone, and a gap stops the start."""

import base64
import hashlib
from pathlib import Path

import pytest

from backoffice.config import Settings, SettingsIncomplete

FIELD, OLDER, INDEX = (hashlib.sha256(name).digest() for name in (b"one", b"two", b"three"))
KEY, OTHER_KEY, INDEX_KEY = (base64.b64encode(key).decode() for key in (FIELD, OLDER, INDEX))
SECRET = hashlib.sha256(b"form tokens").hexdigest()

WHOLE = {
    "DATABASE_URL": "postgresql://app:appdoorkey@db.example/cleanclaim",
    "INTAKE_DATABASE_URL": "postgresql://intake:intakepassword@db.example/cleanclaim",
    "REDIS_URL": "redis://:redisdoorkey@redis.example:6379/0",
    "S3_ENDPOINT_URL": "https://s3.example",
    "S3_BUCKET": "documents",
    "S3_ACCESS_KEY": "accesskeyid",
    "S3_SECRET_KEY": "s3secretkey",
    "SMTP_URL": "smtps://mailer:maildoorkey@smtp.example:465",
    "MAIL_FROM": "no-reply@cleanclaim.example",
    "PORTAL_URL": "https://portal.example",
    "SECRET_KEY": SECRET,
    "FIELD_KEYS": f"k2:{KEY},k1:{OTHER_KEY}",
    "INDEX_KEY": INDEX_KEY,
    "CLEARINGHOUSE_URL": "https://clearinghouse.example/services",
    "CLEARINGHOUSE_KEY": "accountkey",
}


def test_a_whole_environment_becomes_settings_with_the_defaults_of_production() -> None:
    settings = Settings.from_environment(WHOLE)

    assert settings.database_url == "postgresql+psycopg://app:appdoorkey@db.example/cleanclaim"
    assert settings.migration_database_url is None
    assert settings.sandbox is False
    assert settings.trusted_proxies == 0
    assert settings.seconds_per_day == 86400
    assert settings.mail_bundle_seconds == 300
    assert settings.submit_delay_seconds == 3600
    assert settings.is_https


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_environment({"SANDBOX": "1"})

    assert set(refused.value.missing) == set(WHOLE)
    assert all(name in str(refused.value) for name in WHOLE)


def test_an_empty_variable_is_a_missing_one() -> None:
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_environment(WHOLE | {"S3_BUCKET": ""})

    assert refused.value.missing == ("S3_BUCKET",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:///portal.db"),
        ("REDIS_URL", "http://redis.example"),
        ("SMTP_URL", "mail.example"),
        ("MAIL_FROM", "not an address"),
        ("PORTAL_URL", "https://portal.example/app"),
        ("SECRET_KEY", "short"),
        ("FIELD_KEYS", f"k1:{KEY},k1:{OTHER_KEY}"),
        ("FIELD_KEYS", KEY),
        ("INDEX_KEY", base64.b64encode(b"too short").decode()),
        ("SANDBOX", "yes"),
        ("MAIL_BUNDLE_SECONDS", "-5"),
        ("POLL_SECONDS", "0"),
        ("TRUSTED_PROXIES", "10"),
        ("TRUSTED_PROXIES", "*"),
        ("SECONDS_PER_DAY", "nan"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not_told(name: str, value: str) -> None:
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_environment(WHOLE | {name: value})

    assert list(refused.value.malformed) == [name]
    assert value not in str(refused.value)


def test_the_first_field_key_is_the_current_one_and_older_ones_stay_readable() -> None:
    settings = Settings.from_environment(WHOLE)

    assert settings.current_field_key_id == "k2"
    assert settings.field_keys["k1"] == OLDER


def test_no_secret_shows_when_settings_are_printed() -> None:
    printed = repr(Settings.from_environment(WHOLE))

    secrets = ["appdoorkey", "redisdoorkey", "s3secretkey", "maildoorkey", SECRET, KEY]
    assert not [secret for secret in secrets if secret in printed]
    assert "accountkey" not in printed
    assert repr(FIELD) not in printed


def test_a_secret_may_lie_in_a_file_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n")
    elsewhere = {name: value for name, value in WHOLE.items() if name != "SECRET_KEY"}

    settings = Settings.from_environment(elsewhere | {"SECRET_KEY_FILE": str(tmp_path / "key")})

    assert settings.secret_key == SECRET


@pytest.mark.parametrize("path", ["/nowhere/key", "/"])
def test_a_file_that_can_not_be_read_is_told_by_its_variable(path: str) -> None:
    elsewhere = {name: value for name, value in WHOLE.items() if name != "SECRET_KEY"}

    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_environment(elsewhere | {"SECRET_KEY_FILE": path})

    assert list(refused.value.malformed) == ["SECRET_KEY"]


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsIncomplete, match="given twice"):
        Settings.from_environment(WHOLE | {"SECRET_KEY_FILE": str(tmp_path / "key")})


UNSAFE = {
    "SANDBOX": "1",
    "PORTAL_URL": "http://portal.example",
    "SECRET_KEY": "abcd" * 10,
    "FIELD_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
    "INDEX_KEY": KEY,
    "S3_SECRET_KEY": "minioadmin",
    "CLEARINGHOUSE_KEY": "changeme",
    "DATABASE_URL": "postgresql://app:postgres@db.example/cleanclaim",
    "MIGRATION_DATABASE_URL": "postgresql://owner:owner@db.example/cleanclaim",
    "RELAY_DATABASE_URL": "postgresql://relay:relay@db.example/cleanclaim",
    "SEALER_DATABASE_URL": "postgresql://sealer:secret@db.example/cleanclaim",
    "INTAKE_DATABASE_URL": "postgresql://intake:intake@db.example/cleanclaim",
    "REDIS_URL": "redis://:password@redis.example",
    "SMTP_URL": "smtps://mailer:changeme-now@smtp.example",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_only_plays_stops_the_start_where_strangers_can_call(name: str) -> None:
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_environment(WHOLE | {name: UNSAFE[name]})

    assert list(refused.value.malformed) == [name]
    assert len(UNSAFE[name]) < 2 or UNSAFE[name] not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_on_this_machine_anything_may_play(host: str) -> None:
    settings = Settings.from_environment(WHOLE | UNSAFE | {"PORTAL_URL": f"http://{host}"})

    assert settings.is_loopback
    assert settings.sandbox


@pytest.mark.parametrize("host", ["localhost.example", "10.0.0.1", "127.0.0.1.example", "portal"])
def test_a_name_that_only_looks_like_this_machine_is_not(host: str) -> None:
    with pytest.raises(SettingsIncomplete, match="SANDBOX"):
        Settings.from_environment(WHOLE | {"PORTAL_URL": f"https://{host}", "SANDBOX": "1"})
