"""Which addresses there are to attack: every rule that somebody's pages lead to, with real rows."""

import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, TypedDict
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.scan.sitting import Sitting

LEFT_OUT: Final = (
    "/account", "/sign-", "/step-up", "/enrol", "/forgot", "/link", "/break-glass",
    "/events", "/static", "/health", "/news",
)  # fmt: skip
"""Proofs of who one is (guessing at them would slow the account down), the way out, the stream
that never ends, and files."""

VISITS_PER_RULE: Final = 2
SAWS_ITS_BRANCH: Final = frozenset({"people", "own_people", "compliance"})
"""What can take rights from those whom the scan sits down as, or a practice away: tried last."""

_ARGUMENT: Final = re.compile(r"<[^>]*?(\w+)>")
_WEB: Final = Path(__file__).resolve().parents[2] / "backoffice" / "web"
_READ: Final = re.compile(r"\b(?:args|asked)\.(?:get|getlist)\(\"(\w+)\"|\b_ids\(\"(\w+)\"")


class Rule(TypedDict):
    """One rule as `backoffice routes --json` prints it; the parts used here."""

    rule: str
    endpoint: str
    methods: list[str]


@dataclass(frozen=True)
class Target:
    """One address to attack: a method, a path, and parameters that the view reads."""

    rule: str
    endpoint: str
    method: str
    path: str
    fields: tuple[tuple[str, str], ...]
    who: str


@dataclass
class _Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    """Links and forms of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[_Form] = []
        self._named: dict[str, _Form] = {}
        self._open: _Form | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, forms, and what a browser would send of each field."""
        values = {name: value or "" for name, value in attrs}
        self.links += [
            value
            for name, value in values.items()
            if name == "href" or (name.startswith("data-") and value.startswith("/"))
        ]
        if tag == "form":
            self._open = _Form(values.get("action", ""), values.get("method", "get").upper())
            self._named[values.get("id", "")] = self._open
            self.forms.append(self._open)
        form = self._named.get(values["form"]) if "form" in values else self._open
        if form is not None:
            self._note(form, tag, values)

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a list of choices."""
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""

    def _note(self, form: _Form, tag: str, values: dict[str, str]) -> None:
        name = values.get("name", "")
        if tag == "option":
            if self._select and values.get("value") and not form.fields[self._select]:
                form.fields[self._select] = values["value"]
            return
        if "formaction" in values:
            self.forms.append(_Form(values["formaction"], form.method, form.fields))
        if not name or values.get("type") in {"file", "submit"}:
            return
        if tag in {"input", "select", "textarea", "button"}:
            form.fields.setdefault(name, values.get("value", ""))
            self._select = name if tag == "select" else ""


class Ground:
    """The rules, and the targets found for them so far."""

    def __init__(self, rules: list[Rule]) -> None:
        """Begin with no target."""
        self.rules = [one for one in rules if not one["rule"].startswith(LEFT_OUT)]
        self.targets: dict[tuple[str, str], Target] = {}
        self._ids: dict[str, str] = {}
        """A real row's id by the argument that takes it."""
        self.seeds: dict[str, list[str]] = {}
        """Addresses that answered, by email."""

    def explore(self, sitting: Sitting, who: str, *, until: float) -> None:
        """Follow one person's links from all addresses without an id, each rule a few times."""
        waiting = deque(one["rule"] for one in self.rules if "<" not in one["rule"])
        visits: Counter[str] = Counter()
        seen: set[str] = set()
        while waiting and time.monotonic() < until:
            address = waiting.popleft()
            rule = self._rule_of(address, "GET")
            if rule is not None and address not in seen and visits[rule["rule"]] < VISITS_PER_RULE:
                seen.add(address)
                if (text := _opened(sitting, address)) is not None:
                    visits[rule["rule"]] += 1
                    self.seeds.setdefault(who, []).append(address)
                    self._add(rule, "GET", address, {}, who)
                    waiting += self._read(_Page(text), address, who)
            if not waiting:
                waiting += [each for each in self._filled_in() if each not in seen]

    def _filled_in(self) -> list[str]:
        """Return the addresses that no page leads to, with ids that other pages gave away."""
        missing = [
            one["rule"]
            for one in self.rules
            if "GET" in one["methods"] and ("GET", one["rule"]) not in self.targets
        ]
        arguments = {rule: _ARGUMENT.findall(rule) for rule in missing}
        return [
            _ARGUMENT.sub(lambda found: self._ids[found[1]], rule)
            for rule in missing
            if arguments[rule] and all(name in self._ids for name in arguments[rule])
        ]

    def unreached(self) -> list[str]:
        """Return the rules, with their method, that no page led to."""
        wanted = {(method, one["rule"]) for one in self.rules for method in one["methods"]}
        return [" ".join(each) for each in sorted(wanted - set(self.targets))]

    def spread(self) -> list[Target]:
        """Return all targets, features taking turns, so that a cut end leaves none out whole."""
        turns: Counter[str] = Counter()
        ordered = []
        for target in self.targets.values():
            feature = target.endpoint.split(".")[0]
            last = target.method == "POST" and feature in SAWS_ITS_BRANCH
            ordered.append((last, turns[feature], feature, target))
            turns[feature] += 1
        return [each[3] for each in sorted(ordered, key=lambda each: each[:3])]

    def _read(self, page: _Page, address: str, who: str) -> list[str]:
        for form in page.forms:
            action = urljoin(address, form.action)
            if rule := self._rule_of(action, form.method):
                self._add(rule, form.method, action, form.fields, who)
        return [_address(urljoin(address, link)) for link in page.links if _is_ours(link)]

    def _add(self, rule: Rule, method: str, address: str, fields: dict[str, str], who: str) -> None:
        parts = urlsplit(address)
        key = (method, rule["rule"])
        known = self.targets.get(key)
        if known is not None and method != "GET":
            return
        found = re.fullmatch(_pattern(rule["rule"]), parts.path)
        assert found, rule["rule"]
        self._ids |= dict(zip(_ARGUMENT.findall(rule["rule"]), found.groups(), strict=True))
        merged = fields
        if method == "GET":
            asked = dict(parse_qsl(parts.query, keep_blank_values=True))
            merged = dict.fromkeys(_read_by(rule["endpoint"]), "1") | asked | fields
        path = parts.path
        if known is not None:
            merged, path, who = merged | dict(known.fields), known.path, known.who
        kept = tuple(merged.items())
        self.targets[key] = Target(rule["rule"], rule["endpoint"], method, path, kept, who)

    def _rule_of(self, address: str, method: str) -> Rule | None:
        path = urlsplit(address).path
        fitting = [
            one
            for one in self.rules
            if method in one["methods"] and re.fullmatch(_pattern(one["rule"]), path)
        ]
        return min(fitting, key=lambda one: one["rule"].count("<"), default=None)


def request_of(target: Target, sitting: Sitting) -> str:
    """Return the whole request in HTTP's own words, the session's cookie in it."""
    query = urlencode(target.fields)
    lines = [f"Host: {urlsplit(sitting.portal).netloc}", f"Cookie: {sitting.cookie}"]
    if target.method == "GET":
        first = f"GET {target.path}{'?' + query if query else '*'} HTTP/1.1"
        return "\r\n".join([first, *lines, "", ""])
    lines.append("Content-Type: application/x-www-form-urlencoded")
    return "\r\n".join([f"{target.method} {target.path} HTTP/1.1", *lines, "", query])


def _pattern(rule: str) -> str:
    return "".join(
        "([^/]+)" if part.startswith("<") else re.escape(part)
        for part in re.split(r"(<[^>]+>)", rule)
    )


def _opened(sitting: Sitting, address: str) -> str | None:
    """Return a page's text, nothing for a file; None where this person does not get in."""
    answer = sitting.get(address)
    return answer.text if answer.status == 200 else None


def _is_ours(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.netloc and parts.scheme in {"", "http"}


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _read_by(endpoint: str) -> list[str]:
    """Return the query parameters that a view's module reads, as its source says."""
    feature = endpoint.split(".")[0]
    files = [_WEB / f"{feature}.py", _WEB / f"{feature}_filters.py"]
    found = [
        name
        for path in files
        if path.exists()
        for pair in _READ.findall(path.read_text())
        for name in pair
        if name
    ]
    return list(dict.fromkeys(found))
