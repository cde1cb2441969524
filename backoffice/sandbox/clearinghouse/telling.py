"""Lets time pass: whatever is due is said, paid and offered, in one transaction."""

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from backoffice.edi.values import amount_text, day_text
from backoffice.sandbox.clearinghouse.letters import ClaimVerdict, claim_ack_277
from backoffice.sandbox.clearinghouse.remittances import (
    Check,
    carried_forward,
    in_another_envelope,
    remittance_file,
)
from backoffice.sandbox.clearinghouse.retelling import claim_in, retell
from backoffice.sandbox.clearinghouse.rows import claim_line, said_by_payer
from backoffice.sandbox.clearinghouse.world import World, wall
from backoffice.sandbox.payer import (
    ClaimPayment,
    ClaimSeen,
    PayeeSeen,
    ProviderAdjustmentMade,
    Step,
    StepKind,
)

MOST_ON_A_CHECK = 12

FileKey: TypeAlias = tuple[str, str, str, float]  # account, submitter, payer, day's end
LetterKey: TypeAlias = tuple[str, str, str, str]  # submitter, payer, its name, BHT03


@dataclass(frozen=True)
class _Due:
    """One step that is due, with its claim."""

    row: sqlite3.Row
    claim: ClaimSeen
    step: Step
    payer_number: str
    due_at: float


def tick(world: World) -> int:
    """Do all that is due; says how many steps that was."""
    with world.store.transaction():
        due = _due(world)
        said = [each for each in due if each.step.kind is StepKind.SAYS]
        paid = [each for each in due if each.step.kind is StepKind.PAYS]
        repeated = [each for each in due if each.step.kind is StepKind.REPEATS]
        _say(world, said)
        _pay(world, paid)
        for each in repeated:
            _repeat(world, each)
        return len(due)


def _due(world: World) -> list[_Due]:
    rows = world.store.rows(
        "SELECT s.step_id, s.place, s.due_at, c.*, u.filename FROM steps s"
        " JOIN claims c USING (claim_id) JOIN uploads u USING (inbound_id)"
        " WHERE s.done = 0 AND s.due_at <= ? ORDER BY s.due_at, s.step_id LIMIT 2000",
        world.now(),
    )
    due: list[_Due] = []
    for row in rows:
        story = retell(world.store, row)
        step = story.steps[row["place"]]
        number = story.payer_claim_control_number
        due.append(_Due(row, claim_in(row), step, number, row["due_at"]))
    # Only now: a story that replaces another is told from what of that other is done.
    for row in rows:
        world.store.run("UPDATE steps SET done = 1 WHERE step_id = ?", row["step_id"])
    return due


def _say(world: World, due: list[_Due]) -> None:
    letters: defaultdict[LetterKey, list[ClaimVerdict]] = defaultdict(list)
    for each in due:
        claim, step = each.claim, each.step
        number = "" if step.stc.startswith("A1") else each.payer_number
        line = claim_line(
            claim,
            each.row["claim_id"],
            inbound_id=each.row["inbound_id"],
            filename=each.row["filename"],
            at=each.due_at,
        )
        world.store.say(
            each.row["account"],
            claim.patient_control_number,
            each.due_at,
            said_by_payer(line, claim, accepted=step.accepts, stc=step.stc, payer_number=number),
        )
        if step.stc.startswith("A"):
            key = (each.row["submitter"], claim.payer_id, claim.payer_name, each.row["answered"])
            letters[key].append(ClaimVerdict(claim, step.stc, step.accepts, number))
    for (submitter, payer_id, payer_name, answered), verdicts in letters.items():
        letter = world.numbers(submitter, world.now())
        source = (payer_name, payer_id)
        world.post("277", claim_ack_277(verdicts, source=source, answered=answered, numbers=letter))


def _pay(world: World, due: list[_Due]) -> None:
    """A file for each payer and day, with a check or more for each payee in it."""
    files: defaultdict[FileKey, list[_Due]] = defaultdict(list)
    for each in due:
        key = each.row["account"], each.row["submitter"], each.claim.payer_id, each.due_at
        files[key].append(each)
    for (account, submitter, _, day_end), members in sorted(files.items(), key=lambda f: f[0][3]):
        payees: defaultdict[tuple[str, str], list[_Due]] = defaultdict(list)
        for each in members:
            payees[each.claim.payee.npi, each.claim.payee.tax_id].append(each)
        checks = [
            check for dues in payees.values() for check in _checks(world, account, dues, day_end)
        ]
        content = remittance_file(checks, numbers=world.numbers(submitter, day_end))
        era_id = _offer(world, account, checks, content, at=day_end)
        for each in members:
            world.store.run(
                "UPDATE claims SET last_era = ? WHERE claim_id = ?", era_id, each.row["claim_id"]
            )


def _checks(world: World, account: str, dues: list[_Due], day_end: float) -> list[Check]:
    """One payee's checks of one day; what it owes from before is taken from the first it can be."""
    checks: list[Check] = []
    claim = dues[0].claim
    for start in range(0, len(dues), MOST_ON_A_CHECK):
        members = dues[start : start + MOST_ON_A_CHECK]
        payments: tuple[ClaimPayment, ...] = tuple(
            payment for each in members for payment in each.step.payments
        )
        made: tuple[ProviderAdjustmentMade, ...] = tuple(
            adjustment for each in members for adjustment in each.step.provider_adjustments
        )
        check = Check(
            payer_id=claim.payer_id,
            payer_name=claim.payer_name,
            payee=claim.payee,
            trace=f"SBX{world.store.next_number('trace'):09}",
            paid_on=wall(day_end).date(),
            payments=payments,
            provider_adjustments=made,
        )
        checks.append(_settle(world, account, check))
    return checks


def _settle(world: World, account: str, check: Check) -> Check:
    """Take what is owed from before, then forward what would be below zero."""
    key = _owing_key(account, check.payer_id, check.payee)
    for owed in world.store.rows(
        "SELECT trace, cents FROM owed WHERE account = ? AND payer_id = ? AND npi = ?"
        " AND tax_id = ? ORDER BY trace",
        *key,
    ):
        amount = Decimal(owed["cents"]) / 100
        if amount > check.amount:
            break
        taken = ProviderAdjustmentMade("FB", owed["trace"], amount)
        check = replace(check, provider_adjustments=(*check.provider_adjustments, taken))
        world.store.run(
            "DELETE FROM owed WHERE account = ? AND payer_id = ? AND npi = ? AND tax_id = ?"
            " AND trace = ?",
            *key,
            owed["trace"],
        )
    check, forwarded = carried_forward(check)
    if forwarded:
        world.store.insert(
            "INSERT INTO owed (account, payer_id, npi, tax_id, trace, cents)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *key,
            check.trace,
            int(forwarded * 100),
        )
    return check


def _owing_key(account: str, payer_id: str, payee: PayeeSeen) -> tuple[str, str, str, str]:
    return account, payer_id, payee.npi, payee.tax_id


def _offer(world: World, account: str, checks: list[Check], content: bytes, *, at: float) -> int:
    first = checks[0]
    listing = {
        "payerid": first.payer_id,
        "payer_name": first.payer_name,
        "check_number": first.trace,
        "paid_amount": amount_text(sum((check.amount for check in checks), Decimal("0.00"))),
        "paid_date": first.paid_on.isoformat(),
        "claim_count": str(sum(len(check.payments) for check in checks)),
        "npi": first.payee.npi,
        "taxid": first.payee.tax_id,
        "received_time": day_text(first.paid_on),
    }
    return world.store.insert(
        "INSERT INTO eras (account, offered_at, listing, content) VALUES (?, ?, ?, ?)",
        account,
        at,
        json.dumps(listing),
        content,
    )


def _repeat(world: World, due: _Due) -> None:
    """Offer a remittance once more: the very same bytes, or the same in another envelope."""
    era = world.store.row(
        "SELECT e.* FROM eras e JOIN claims c ON c.last_era = e.era_id WHERE c.claim_id = ?",
        due.row["claim_id"],
    )
    if era is None:
        return
    content: bytes = era["content"]
    if due.row["claim_id"] % 2:
        numbers = world.numbers(due.row["submitter"], due.due_at)
        content = in_another_envelope(content, numbers=numbers)
    world.store.insert(
        "INSERT INTO eras (account, offered_at, listing, content) VALUES (?, ?, ?, ?)",
        due.row["account"],
        due.due_at,
        era["listing"],
        content,
    )
