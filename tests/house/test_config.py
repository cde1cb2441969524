"""Settings come from the environment alone, and a gap stops the start."""

import base64

import pytest

from backoffice.config import Settings, SettingsIncomplete

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(reversed(range(32)))).decode()
SECRET = "a-secret-of-more-than-thirty-two-characters"

WHOLE = {
    "DATABASE_URL": "postgresql://app:apppassword@db.example/cleanclaim",
    "INTAKE_DATABASE_URL": "postgresql://intake:intakepassword@db.example/cleanclaim",
    "REDIS_URL": "redis://:redispassword@redis.example:6379/0",
    "S3_ENDPOINT_URL": "https://s3.example",
    "S3_BUCKET": "documents",
    "S3_ACCESS_KEY": "accesskeyid",
    "S3_SECRET_KEY": "s3secretkey",
    "SMTP_URL": "smtps://mailer:mailpassword@smtp.example:465",
    "MAIL_FROM": "no-reply@cleanclaim.example",
    "PORTAL_URL": "https://portal.example",
    "SECRET_KEY": SECRET,
    "FIELD_KEYS": f"k2:{KEY},k1:{OTHER_KEY}",
    "INDEX_KEY": OTHER_KEY,
    "CLEARINGHOUSE_URL": "https://clearinghouse.example/services",
    "CLEARINGHOUSE_KEY": "accountkey",
}


def test_a_whole_environment_becomes_settings_with_the_defaults_of_production() -> None:
    settings = Settings.from_environment(WHOLE)

    assert settings.database_url == "postgresql+psycopg://app:apppassword@db.example/cleanclaim"
    assert settings.migration_database_url is None
    assert settings.sandbox is False
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
    assert settings.field_keys["k1"] == bytes(reversed(range(32)))


def test_no_secret_shows_when_settings_are_printed() -> None:
    printed = repr(Settings.from_environment(WHOLE))

    secrets = ["apppassword", "redispassword", "s3secretkey", "mailpassword", SECRET, KEY]
    assert not [secret for secret in secrets if secret in printed]
    assert "accountkey" not in printed
    assert repr(bytes(range(32))) not in printed
