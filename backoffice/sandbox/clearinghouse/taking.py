"""Takes in an upload: refuses it whole, or takes each claim and writes down how it will end."""

import hashlib
import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from backoffice.edi.problems import Problem, ProblemCode
from backoffice.sandbox.clearinghouse.examination import (
    FileExamined,
    SetExamined,
    examine,
    faults_of,
    is_returnable,
)
from backoffice.sandbox.clearinghouse.letters import (
    OUR_ID,
    OUR_NAME,
    ClaimVerdict,
    SetFault,
    SetVerdict,
    ack_999,
    claim_ack_277,
    ta1,
)
from backoffice.sandbox.clearinghouse.retelling import earlier_of, original_of
from backoffice.sandbox.clearinghouse.rows import (
    claim_line,
    numbered,
    one_or_many,
    said_by_clearinghouse,
    words_of,
)
from backoffice.sandbox.clearinghouse.world import World
from backoffice.sandbox.payer import (
    DEFAULT_MIX,
    ClaimSeen,
    Scenario,
    StepKind,
    Story,
    story_of,
)

MOST_CLAIMS = 2000  # a file, per the vendor's documentation at third hand (edi.md 4.1)

# Errors of the sandbox's own making; Claim.MD's numbers for these cases are not known to us.
UNREADABLE, DUPLICATE_FILE, REFUSED_BY_EDITS, TOO_MANY = "9001", "9002", "9003", "9004"

FAULT_CODES = {
    ProblemCode.ELEMENT_MISSING: "1",
    ProblemCode.ELEMENT_TOO_SHORT: "4",
    ProblemCode.ELEMENT_TOO_LONG: "5",
    ProblemCode.BAD_CHARACTER: "6",
    ProblemCode.UNREADABLE_DATE: "8",
}


REFUSED_AT_THE_DOOR = Story(Scenario.REJECTED_BY_CLEARINGHOUSE, "rejected", "")


@dataclass(frozen=True)
class _Upload:
    """One arrival, as the claims in it refer to it."""

    inbound_id: int
    account: str
    filename: str
    submitter: str
    arrived_at: float


def error(code: str, words: str) -> dict[str, Any]:
    """An error answer, given with HTTP 200 as the vendor does."""
    return {"error": {"error_code": code, "error_mesg": words}}


def take(world: World, account: str, filename: str, content: bytes) -> dict[str, Any]:
    """Take in one upload; the answer is what `upload` says."""
    every = world.options.pyx12_every
    before = world.store.row("SELECT count(*) AS n FROM uploads")
    asked = bool(every) and before is not None and before["n"] % every == 0
    examined = examine(content, with_pyx12=asked)
    with world.store.transaction():
        now = world.now()
        refusal = _refusal(world, account, examined, now)
        upload = _arrival(world, account, filename, content, examined, refusal)
        if refusal:
            return error(*refusal)
        lines = [line for each in examined.sets for line in _take_set(world, upload, each)]
        _acknowledge(world, upload, examined)
        return {"claim": one_or_many(lines)}


def _refusal(
    world: World, account: str, examined: FileExamined, now: float
) -> tuple[str, str] | None:
    """Why the whole file is turned away, with its TA1 in the mailbox; None: it is not."""
    interchange = examined.interchange
    if interchange is None or examined.interchanges != 1 or not examined.claims:
        return UNREADABLE, "The file is not one interchange of professional claims."
    letter = world.numbers(interchange.sender_id, now)
    if _taken_before(world, account, interchange.sender_id, interchange.control_number):
        world.post("ta1", ta1(interchange, numbers=letter, letter="R", note="025"))
        return DUPLICATE_FILE, "The interchange control number was used before."
    if examined.envelope_problems:
        world.post("ta1", ta1(interchange, numbers=letter, letter="R", note="022"))
        return UNREADABLE, "The file's envelope is broken."
    if examined.claims > MOST_CLAIMS:
        return TOO_MANY, f"A file holds at most {MOST_CLAIMS} claims."
    if examined.refused_by_pyx12 or all(each.problems for each in examined.sets):
        _acknowledge_sets(world, interchange.sender_id, now, examined)
        return REFUSED_BY_EDITS, "The file does not follow the implementation guide."
    return None


def _taken_before(world: World, account: str, sender: str, isa13: str) -> bool:
    return bool(
        world.store.row(
            "SELECT 1 FROM uploads WHERE account = ? AND sender = ? AND isa13 = ? AND accepted = 1",
            account, sender, isa13,
        )
    )  # fmt: skip


def _arrival(
    world: World,
    account: str,
    filename: str,
    content: bytes,
    examined: FileExamined,
    refusal: tuple[str, str] | None,
) -> _Upload:
    """Write down that a file arrived, taken or not."""
    sender = examined.interchange.sender_id if examined.interchange else ""
    isa13 = examined.interchange.control_number if examined.interchange else ""
    at = world.now()
    inbound_id = world.store.insert(
        "INSERT INTO uploads (account, filename, sender, isa13, sha256, arrived_at, accepted, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        account,
        filename,
        sender,
        isa13,
        hashlib.sha256(content).hexdigest(),
        world.machine_now(),
        int(refusal is None),
        refusal[0] if refusal else "",
    )
    return _Upload(inbound_id, account, filename, sender, at)


def _take_set(world: World, upload: _Upload, examined: SetExamined) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    refused: list[ClaimVerdict] = []
    for claim in examined.claims:
        faults = (examined.problems[0].words,) if examined.problems else faults_of(claim)
        ending = _ending(world, upload, claim, faults)
        lines.append(_take_claim(world, upload, examined.reference, claim, ending))
        if ending.stc and is_returnable(claim):
            refused.append(ClaimVerdict(claim, ending.stc, accepted=False))
    if refused and not examined.problems:
        letter = world.numbers(upload.submitter, upload.arrived_at)
        source = (OUR_NAME, OUR_ID)
        answered = examined.reference
        world.post("277", claim_ack_277(refused, source=source, answered=answered, numbers=letter))
    return lines


@dataclass(frozen=True)
class _Ending:
    """What becomes of one claim at the door: `stc` refuses it; without a story it's a duplicate."""

    story: Story | None
    stc: str
    words: str


def _ending(world: World, upload: _Upload, claim: ClaimSeen, faults: tuple[str, ...]) -> _Ending:
    if _is_duplicate(world, upload.account, claim.patient_control_number):
        return _Ending(None, "A3:54", "Duplicate: this claim was taken before.")
    if faults:
        return _Ending(REFUSED_AT_THE_DOOR, "A6:21", faults[0])
    story = _story(world, upload, claim)
    stc = story.clearinghouse_refuses
    words = words_of(stc) if stc else "The claim was taken and goes to the payer."
    return _Ending(story, stc, words)


def _take_claim(
    world: World, upload: _Upload, answered: str, claim: ClaimSeen, ending: _Ending
) -> dict[str, Any]:
    """Write one claim down, and say so behind the cursor and in the answer."""
    claim_id = _remember(world, upload, answered, claim, ending.story)
    line = said_by_clearinghouse(
        claim_line(
            claim,
            claim_id,
            inbound_id=upload.inbound_id,
            filename=upload.filename,
            at=upload.arrived_at,
        ),
        accepted=not ending.stc,
        words=ending.words,
        stc=ending.stc,
    )
    pcn = claim.patient_control_number
    return numbered(line, world.store.say(upload.account, pcn, upload.arrived_at, line))


def _is_duplicate(world: World, account: str, pcn: str) -> bool:
    return bool(
        world.store.row(
            "SELECT 1 FROM claims WHERE account = ? AND pcn = ? AND adjudicated = 1", account, pcn
        )
    )


def _story(world: World, upload: _Upload, claim: ClaimSeen) -> Story:
    """Decide the claim's whole future, before anything is answered."""
    original = original_of(world.store, upload.account, claim)
    mix = {Scenario(name): weight for name, weight in world.store.setting("mix", {}).items()}
    return story_of(
        claim,
        seed=world.options.seed,
        mix=mix or DEFAULT_MIX,
        forced=_forced(world, claim.patient_control_number),
        earlier=earlier_of(world.store, original) if original else None,
    )


def _forced(world: World, pcn: str) -> str:
    """A scenario asked for by control number, else the next of the script, else none."""
    by_number: dict[str, str] = world.store.setting("forced", {})
    if pcn in by_number:
        return by_number[pcn]
    script: list[str] = world.store.setting("script", [])
    if not script:
        return ""
    world.store.set("script", script[1:])
    return script[0]


def _remember(
    world: World, upload: _Upload, answered: str, claim: ClaimSeen, story: Story | None
) -> int:
    """Write the claim down with its end; a duplicate (no story) is kept as a receipt only."""
    original = original_of(world.store, upload.account, claim) if story and story.steps else None
    if original and not earlier_of(world.store, original):
        original = None
    claim_id = world.store.insert(
        "INSERT INTO claims (account, inbound_id, pcn, said, answered, submitter, adjudicated,"
        " seed, scenario, ends, payer_number, original_id, arrived_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        upload.account,
        upload.inbound_id,
        claim.patient_control_number,
        json.dumps(claim.to_plain(), default=str),
        answered,
        upload.submitter,
        int(story is not None),
        world.options.seed,
        story.scenario if story else "",
        story.end if story else "",
        story.payer_claim_control_number if story else "",
        original["claim_id"] if original else None,
        upload.arrived_at,
    )
    if story and original and story.scenario is not Scenario.REJECTED_BY_PAYER:
        _supersede(world, original, claim.patient_control_number)
    for place, step in enumerate(story.steps if story else ()):
        at_day_end = step.kind is StepKind.PAYS
        due = world.after(upload.arrived_at, step.days, at_day_end=at_day_end)
        world.store.insert(
            "INSERT INTO steps (claim_id, place, due_at) VALUES (?, ?, ?)", claim_id, place, due
        )
    return claim_id


def _supersede(world: World, original: sqlite3.Row, pcn: str) -> None:
    """A replaced claim says nothing more."""
    world.store.run(
        "UPDATE claims SET superseded_by = ? WHERE claim_id = ?", pcn, original["claim_id"]
    )
    world.store.run(
        "UPDATE steps SET done = 2 WHERE claim_id = ? AND done = 0", original["claim_id"]
    )


def _acknowledge(world: World, upload: _Upload, examined: FileExamined) -> None:
    """A TA1 where one was asked for, and a 999 for each group."""
    interchange = examined.interchange
    if interchange and interchange.acknowledgement_requested:
        letter = world.numbers(upload.submitter, upload.arrived_at)
        world.post("ta1", ta1(interchange, numbers=letter, letter="A", note="000"))
    _acknowledge_sets(world, upload.submitter, upload.arrived_at, examined)


def _acknowledge_sets(world: World, to: str, at: float, examined: FileExamined) -> None:
    for group_number in dict.fromkeys(each.group_number for each in examined.sets):
        sets = [each for each in examined.sets if each.group_number == group_number]
        verdicts = [
            SetVerdict(each.control_number, each.guide, _faults(each, examined)) for each in sets
        ]
        letter = world.numbers(to, at)
        world.post("999", ack_999(group_number, sets[0].guide, verdicts, numbers=letter))


def _faults(each: SetExamined, examined: FileExamined) -> tuple[SetFault, ...]:
    faults = tuple(_fault(problem, each) for problem in each.problems[:20])
    return faults or ((SetFault("ST", 1, 0, ""),) if examined.refused_by_pyx12 else ())


def _fault(problem: Problem, examined: SetExamined) -> SetFault:
    """A problem of ours in a 999's terms: IK301, IK302, IK401, IK403 and the claim it is in."""
    place = max(1, (problem.segment or 0) - examined.first_segment + 1)
    named = re.match(r"([A-Z][A-Z0-9]{1,2}?)(\d{2})", problem.element)
    segment_id, element = (named.group(1), int(named.group(2))) if named else ("CLM", 0)
    code = FAULT_CODES.get(ProblemCode(problem.code), "7")
    return SetFault(segment_id, place, element, code, examined.claim_at(problem.segment))
