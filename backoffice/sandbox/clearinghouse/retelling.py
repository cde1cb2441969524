"""Tells a claim's story again from what was written down: it is a pure function, so it is equal."""

import json
import sqlite3

from backoffice.sandbox.clearinghouse.store import Store
from backoffice.sandbox.payer import ClaimSeen, Earlier, Story, story_of


def claim_in(row: sqlite3.Row) -> ClaimSeen:
    """The claim of a `claims` row."""
    return ClaimSeen.from_plain(json.loads(row["said"]))


def retell(store: Store, row: sqlite3.Row) -> Story:
    """The story of a claim as it was decided when it arrived."""
    original = None
    if row["original_id"] is not None:
        original = store.row("SELECT * FROM claims WHERE claim_id = ?", row["original_id"])
    return story_of(
        claim_in(row),
        seed=row["seed"],
        forced=row["scenario"],
        earlier=earlier_of(store, original) if original else None,
    )


def original_of(store: Store, account: str, claim: ClaimSeen) -> sqlite3.Row | None:
    """The claim that a replacement or void names by the payer's number, if it still stands."""
    if not claim.original_reference:
        return None
    return store.row(
        "SELECT * FROM claims WHERE account = ? AND payer_number = ? AND superseded_by = ''"
        " AND adjudicated = 1 ORDER BY claim_id DESC",
        account,
        claim.original_reference,
    )


def earlier_of(store: Store, original: sqlite3.Row) -> Earlier | None:
    """What was paid (or denied) on a claim and stands; None before its payer has decided."""
    done = store.rows(
        "SELECT place FROM steps WHERE claim_id = ? AND done = 1 ORDER BY place",
        original["claim_id"],
    )
    steps = retell(store, original).steps
    standing = [
        payment
        for each in done
        for payment in steps[each["place"]].payments
        if payment.outcome != "22"
    ]
    if not standing:
        return None
    return Earlier(original["payer_number"], (standing[-1],))
