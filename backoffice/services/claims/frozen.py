"""What a claim says as JSON text, frozen at release; it thaws to the very same facts."""

import json
import types
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from backoffice.rules.claim_facts import ClaimFacts


def freeze(facts: ClaimFacts) -> str:
    """Return the facts as JSON: days in ISO form, amounts as text, codes by value."""
    return json.dumps(_plain(facts), separators=(",", ":"), ensure_ascii=False)


def thaw(text: str) -> ClaimFacts:
    """Return the facts that were frozen. A field added since then has its default."""
    facts: ClaimFacts = _as(ClaimFacts, json.loads(text))
    return facts


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal | date) else value


def _as(kind: Any, value: Any) -> Any:
    if get_origin(kind) in {Union, types.UnionType}:
        kind = next(each for each in get_args(kind) if each is not type(None))
        return None if value is None else _as(kind, value)
    if get_origin(kind) is tuple:
        return tuple(_as(get_args(kind)[0], each) for each in value)
    if kind is date:
        return date.fromisoformat(value)
    if not is_dataclass(kind):
        return kind(value)
    return _made(kind, value)


def _made(kind: Any, values: dict[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: _as(hints[name], each) for name, each in values.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
