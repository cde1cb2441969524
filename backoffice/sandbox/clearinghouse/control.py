"""The sandbox's own levers under /control/: JSON in and out, ours alone, no clearinghouse has them.

  GET  clock         now, seconds_per_day, waiting (steps not yet due), next_due_in, and failure:
                     why time no longer passes, empty while it does
  POST clock         {"days": n} or {"seconds": n}: let the clock jump forward
  GET  expected      per control number: how our claim must end, written before any answer
  GET  receipts      how often each file and each claim was taken: the storms count them
  POST misbehave     {"misdeed", "service", "times", "seconds"}; DELETE clears; GET lists
  POST script        {"script": [scenario, ...]} for the next claims, {"forced": {pcn: scenario}},
                     {"mix": {scenario: weight}}; each key on its own, an empty value clears it
  POST mailbox       {"open": false}: offer no 999, 277CA and TA1 from now on
  POST down          {"seconds": n}: close the door; connections are refused meanwhile
`expected` and `receipts` take ?pcn=...&pcn=... to ask for some claims only.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from backoffice.sandbox.clearinghouse.misbehaviour import (
    Switch,
    switch_off,
    switch_on,
    switches,
)
from backoffice.sandbox.clearinghouse.telling import tick
from backoffice.sandbox.clearinghouse.world import World
from backoffice.sandbox.payer import Scenario


class NotALever(Exception):
    """What was asked for is no lever, or not in a form that it understands."""


def look(world: World, name: str, control_numbers: Sequence[str]) -> dict[str, Any]:
    """What a GET answers; raises NotALever."""
    if name == "clock":
        return _clock(world)
    if name == "expected":
        return _expected(world, frozenset(control_numbers))
    if name == "receipts":
        return _receipts(world, frozenset(control_numbers))
    if name == "misbehave":
        return {"switches": [vars(switch) for switch in switches(world.store)]}
    raise NotALever(name)


def pull(world: World, name: str, said: dict[str, Any]) -> dict[str, Any]:
    """What a POST does and answers; raises NotALever."""
    lever = LEVERS.get(name)
    if lever is None:
        raise NotALever(name)
    try:
        return lever(world, said)
    except (KeyError, TypeError, ValueError) as wrong:
        raise NotALever(f"{name}: {wrong}") from wrong


def behave(world: World) -> dict[str, Any]:
    """Clear every misdeed."""
    switch_off(world.store)
    return {"switches": []}


def _clock(world: World) -> dict[str, Any]:
    waiting = world.store.row("SELECT count(*) AS n, min(due_at) AS due FROM steps WHERE done = 0")
    now = world.now()
    due = waiting["due"] if waiting else None
    return {
        "now": now,
        "seconds_per_day": world.options.seconds_per_day,
        "waiting": waiting["n"] if waiting else 0,
        "next_due_in": None if due is None else max(0.0, due - now),
        "failure": world.failure,
    }


def _expected(world: World, wanted: frozenset[str]) -> dict[str, Any]:
    rows = world.store.rows(
        "SELECT pcn, scenario, ends, payer_number, superseded_by,"
        " (SELECT count(*) FROM steps s WHERE s.claim_id = c.claim_id AND s.done = 0) AS waiting"
        " FROM claims c WHERE adjudicated = 1 ORDER BY claim_id"
    )
    return {
        "claims": {
            row["pcn"]: {
                "end": row["ends"],
                "scenario": row["scenario"],
                "payer_claim_control_number": row["payer_number"],
                "superseded_by": row["superseded_by"],
                "waiting": row["waiting"],
            }
            for row in rows
            if not wanted or row["pcn"] in wanted
        }
    }


def _receipts(world: World, wanted: frozenset[str]) -> dict[str, Any]:
    files: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"arrived": 0, "taken": 0})
    for row in world.store.rows("SELECT isa13, accepted FROM uploads"):
        files[row["isa13"]]["arrived"] += 1
        files[row["isa13"]]["taken"] += row["accepted"]
    claims = Counter(row["pcn"] for row in world.store.rows("SELECT pcn FROM claims"))
    kept = {pcn: times for pcn, times in claims.items() if not wanted or pcn in wanted}
    return {"files": dict(files), "claims": kept}


def _jump(world: World, said: dict[str, Any]) -> dict[str, Any]:
    days, seconds = float(said.get("days", 0)), float(said.get("seconds", 0))
    with world.store.transaction():
        world.skip(days * world.options.seconds_per_day + seconds)
    while tick(world):
        pass
    return _clock(world)


def _misbehave(world: World, said: dict[str, Any]) -> dict[str, Any]:
    with world.store.transaction():
        switch_on(world.store, Switch.from_plain(said))
    return {"switches": [vars(switch) for switch in switches(world.store)]}


def _script(world: World, said: dict[str, Any]) -> dict[str, Any]:
    if unknown := said.keys() - {"script", "forced", "mix"}:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    script = [Scenario(name) for name in said.get("script", [])]
    forced = {str(pcn): Scenario(name) for pcn, name in said.get("forced", {}).items()}
    mix = {Scenario(name): int(weight) for name, weight in said.get("mix", {}).items()}
    if mix and (min(mix.values()) < 0 or not sum(mix.values())):
        raise ValueError("weights are not below zero and sum to more")
    with world.store.transaction():
        for name, value in (("script", script), ("forced", forced), ("mix", mix)):
            if name in said:
                world.store.set(name, value)
    return {"script": script, "forced": forced, "mix": mix}


def _mailbox(world: World, said: dict[str, Any]) -> dict[str, Any]:
    with world.store.transaction():
        world.store.set("mailbox", bool(said["open"]))
    return {"open": world.has_mailbox}


LEVERS: dict[str, Callable[[World, dict[str, Any]], dict[str, Any]]] = {
    "clock": _jump,
    "misbehave": _misbehave,
    "script": _script,
    "mailbox": _mailbox,
}
