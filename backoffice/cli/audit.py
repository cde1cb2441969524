"""`backoffice audit`: is the record what was sealed?"""

import json
import os
import sys
from datetime import date, datetime

import click
from sqlalchemy import create_engine

from backoffice.config import Settings, SettingsIncomplete
from backoffice.gateways.documents import DocumentsUnavailable, S3Documents
from backoffice.sandbox.run_file import stack_environment
from backoffice.services.audit.anchoring import laid_down
from backoffice.services.audit.verifying import Verification, verify

FINE, PROBLEMS, FAILURE = 0, 1, 2


@click.group()
def audit() -> None:
    """Look after the record of who did and saw what."""


@audit.command("verify")
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="One month only, such as 2026-11.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout.")
def verify_command(*, month: datetime | None, as_json: bool) -> None:
    """Recompute the chains of all months and compare them with the heads laid down in S3.

    Signs in as the sealer (SEALER_DATABASE_URL). Exit 0: all holds; 1: something was changed.
    """
    settings = Settings.from_environment(stack_environment(os.environ))
    try:
        found = _verified(settings, month.date() if month else None)
    except DocumentsUnavailable as away:
        click.echo(f"The document store did not answer ({away}).", err=True)
        sys.exit(FAILURE)
    click.echo(json.dumps(_line(found)) if as_json else _sentences(found))
    sys.exit(FINE if found.holds else PROBLEMS)


def _verified(settings: Settings, month: date | None) -> Verification:
    if settings.sealer_database_url is None:
        raise SettingsIncomplete(("SEALER_DATABASE_URL",), {})
    documents = S3Documents(
        endpoint_url=settings.s3_endpoint_url,
        bucket=settings.s3_bucket,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        region=settings.s3_region,
    )
    engine = create_engine(settings.sealer_database_url, hide_parameters=True)
    with engine.begin() as connection:
        return verify(connection, month=month, anchors=laid_down(documents))


def _line(found: Verification) -> dict[str, object]:
    return {
        "holds": found.holds,
        "months": found.months,
        "seals": found.seals,
        "anchors": found.anchors,
        "problems": [
            {
                "what": each.what.value,
                "month": each.month.isoformat(),
                "seq": each.seq,
                "record": str(each.record_id) if each.record_id else None,
            }
            for each in found.problems
        ],
    }


def _sentences(found: Verification) -> str:
    words = [f"{found.seals} seals of {found.months} months, {found.anchors} anchors compared."]
    words += [
        f"{each.month:%Y-%m} {'' if each.seq is None else f'seal {each.seq}: '}{each.what.value}"
        f"{f', record {each.record_id}' if each.record_id else ''}"
        for each in found.problems
    ]
    return "\n".join([*words, "The record holds." if found.holds else "The record does not hold."])
