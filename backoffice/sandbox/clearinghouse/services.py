"""The services of Claim.MD that the sandbox speaks: form fields in, a JSON object out.

As edi.md 4.1 has them. Errors are objects with HTTP 200. What is assumed there is assumed here:
pages count from 1 and hold a hundred, days are US-Eastern.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.sandbox.clearinghouse.rows import numbered, one_or_many
from backoffice.sandbox.clearinghouse.taking import UNREADABLE, error, take
from backoffice.sandbox.clearinghouse.world import World, wall
from backoffice.sandbox.payer import Lots

PAGE = 100
MOST_RESPONSES = 20_000
BAD_KEY, NOTHING_FOUND = "20", "711"

PAYERS = {
    "60054": "AETNA",
    "62308": "CIGNA",
    "87726": "UNITED HEALTHCARE",
    "61101": "HUMANA",
    "00390": "BLUE CROSS BLUE SHIELD OF SANDBOX",
    "SBMCR": "SANDBOX MEDICARE",
    "SBMCD": "SANDBOX MEDICAID",
    "SBBHO": "SANDBOX BEHAVIORAL HEALTH PLAN",
}
"""Payers that the list names; a claim to any other payer id is adjudicated as well."""


@dataclass(frozen=True)
class Asked:
    """One request: its account, its form and its file, and how far the lists lag."""

    account: str
    form: Mapping[str, str]
    filename: str = ""
    content: bytes = field(default=b"", repr=False)
    lag_seconds: float = 0.0
    repeats: bool = False

    def number(self, name: str) -> int:
        """A field as a number, 0 when it is none."""
        text = self.form.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else 0


Service = Callable[[World, Asked], dict[str, Any]]


def upload(world: World, asked: Asked) -> dict[str, Any]:
    """Take in one 837P."""
    if not asked.content:
        return error(UNREADABLE, "No file was given.")
    name = asked.form.get("Filename") or asked.filename
    return take(world, asked.account, name, asked.content)


def upload_list(world: World, asked: Asked) -> dict[str, Any]:
    """What was taken on a day: refused files are not in the list."""
    rows = world.store.rows(
        "SELECT * FROM uploads WHERE account = ? AND accepted = 1 AND arrived_at <= ?"
        " ORDER BY inbound_id",
        asked.account,
        world.machine_now() - asked.lag_seconds,
    )
    day = asked.form.get("UploadDate", "")
    files = [
        {
            "inboundid": str(row["inbound_id"]),
            "file_type": "837P",
            "filename": row["filename"],
            "uploadtime": str(int(row["arrived_at"])),
        }
        for row in rows
        if not day or wall(row["arrived_at"]).date().isoformat() == day
    ]
    first = (max(1, asked.number("Page")) - 1) * PAGE
    return {"file": one_or_many(files[first : first + PAGE])}


def response(world: World, asked: Asked) -> dict[str, Any]:
    """Rows newer than ResponseID, one for each message; no cursor when there are none."""
    after = asked.number("ResponseID")
    rows = world.store.rows(
        "SELECT * FROM responses WHERE account = ? AND response_id > ? AND said_at <= ?"
        " ORDER BY response_id LIMIT ?",
        asked.account,
        max(0, after - PAGE) if asked.repeats else after,
        world.now() - asked.lag_seconds,
        MOST_RESPONSES,
    )
    if not rows:
        return {}
    lines = [numbered(json.loads(row["line"]), row["response_id"]) for row in rows]
    last = max(after, rows[-1]["response_id"])
    return {"last_responseid": str(last), "claim": one_or_many(lines)}


def era_list(world: World, asked: Asked) -> dict[str, Any]:
    """Remittances newer than ERAID; with NewOnly (the default) only those never fetched."""
    after = asked.number("ERAID")
    new_only = asked.form.get("NewOnly", "1") == "1"
    rows = world.store.rows(
        "SELECT * FROM eras WHERE account = ? AND era_id > ? AND offered_at <= ?"
        " AND (fetched = 0 OR ?) ORDER BY era_id",
        asked.account,
        max(0, after - PAGE) if asked.repeats else after,
        world.now() - asked.lag_seconds,
        not new_only,
    )
    if not rows:
        return {}
    first = (max(1, asked.number("Page")) - 1) * PAGE
    eras = [{"eraid": str(row["era_id"]), **json.loads(row["listing"])} for row in rows]
    last = max(after, rows[-1]["era_id"])
    return {"last_eraid": str(last), "era": one_or_many(eras[first : first + PAGE])}


def era_835(world: World, asked: Asked) -> dict[str, Any]:
    """The raw 835 of one remittance, in `data`."""
    era_id = asked.number("eraid")
    row = world.store.row(
        "SELECT content FROM eras WHERE account = ? AND era_id = ?", asked.account, era_id
    )
    if row is None:
        return error(NOTHING_FOUND, "No such remittance.")
    world.store.run("UPDATE eras SET fetched = 1 WHERE era_id = ?", era_id)
    return {"eraid": str(era_id), "data": bytes(row["content"]).decode("latin-1")}


def payer_list(_: World, asked: Asked) -> dict[str, Any]:
    """Payers whose id is `payerid` or whose name holds `payer_name`."""
    wanted, name = asked.form.get("payerid", ""), asked.form.get("payer_name", "").upper()
    payers = [
        {"payerid": payer_id, "payer_name": words, "1500_claims": "yes", "era": "enrollment"}
        for payer_id, words in PAYERS.items()
        if (not wanted or wanted == payer_id) and name in words
    ]
    return {"payer": one_or_many(payers)}


def enroll(world: World, asked: Asked) -> dict[str, Any]:
    """A link that a provider would open; here it leads nowhere outside this machine."""
    payer_id, kind = asked.form.get("payerid", ""), asked.form.get("enroll_type", "")
    if not payer_id or kind not in {"era", "1500", "ub", "elig", "attach"}:
        return error(NOTHING_FOUND, "The payer and the kind of enrollment are required.")
    token = Lots(world.options.seed, f"{payer_id}|{kind}").number("enrollment", 10**9, 10**10 - 1)
    return {"enroll": {"url": f"http://localhost/enroll/{token}"}}


SERVICES: dict[str, Service] = {
    "upload": upload,
    "uploadlist": upload_list,
    "response": response,
    "eralist": era_list,
    "era835": era_835,
    "payerlist": payer_list,
    "enroll": enroll,
}
