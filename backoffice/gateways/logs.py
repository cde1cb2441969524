"""The log of every process: JSON lines of allow-listed fields, so no patient can stand in it.

A field is written when its name is on the list and its value has the form the list gives it. Words
are written only when they stand literally in the code that logs: what a library has put together
from arguments is dropped, and the line of code (`place`) tells which message it was.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final

import structlog

_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")
_PLACE: Final = re.compile(r"[A-Za-z0-9_./<>-]{1,200}:\d+")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+\+00:00")

FIELDS: Final[Mapping[str, re.Pattern[str]]] = {
    "at": _MOMENT,
    "level": _NAME,
    "process": _NAME,
    "logger": _NAME,
    "place": _PLACE,
    "kind": _NAME,
    "sqlstate": re.compile(r"[0-9A-Z]{5}"),
    "constraint": _NAME,
    "endpoint": _NAME,
    "method": re.compile(r"[A-Z]{3,8}"),
    "job": _NAME,
    "loop": _NAME,
    "setting": _NAME,
    **dict.fromkeys(("status", "milliseconds", "seconds", "count", "tries", "pid"), _NUMBER),
    **dict.fromkeys(
        (
            "request_id", "user", "practice", "account", "batch", "claim", "document", "errand",
            "file", "mail", "month", "remittance", "rq_job", "submission", "departure",
        ),
        _ID,
    ),
}  # fmt: skip
"""Every field a line may have beside `event`, and the form of its value."""

_WORDS_OF_LIBRARIES: Final = "a library's message"
_OUTSIDE_THE_CODE: Final = "words that stand in no code"
_FRAMES: Final = 40
_PROJECT: Final = Path(__file__).resolve().parents[2]


def write_as(process: str) -> None:
    """Begin this process's log on stderr, once, before anything else can speak."""
    structlog.configure(
        processors=[_Stamp(process), only_allowed, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(process))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _tell_of_the_end
    threading.excepthook = _tell_of_a_thread
    sys.unraisablehook = _tell_of_the_unraisable


def only_allowed(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep of a line what the list knows; say how many fields were dropped, not which."""
    event = line.pop("event", "")
    kept = {name: _plain(value) for name, value in line.items() if _fits(name, value)}
    dropped = {"dropped": len(line) - len(kept)} if len(line) > len(kept) else {}
    return {"event": event if is_literal(event) else _OUTSIDE_THE_CODE, **kept, **dropped}


def place_of(problem: BaseException) -> str:
    """Return the last line of ours that an exception went through, as `path:line`."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PROJECT)]
    last = (ours or list(frames))[-1:]
    return _place(last[0].filename, last[0].lineno or 0) if last else ""


def what_broke(problem: BaseException) -> dict[str, str]:
    """Return what may be told of an exception: its kind, its place, a database's code."""
    told = {"kind": type(problem).__name__, "place": place_of(problem)}
    cause: Any = getattr(problem, "orig", None)
    if getattr(cause, "sqlstate", None):
        told["sqlstate"] = str(cause.sqlstate)
        told["constraint"] = str(cause.diag.constraint_name or "")
    return {name: value for name, value in told.items() if value}


def is_literal(words: object) -> bool:
    """Whether words stand literally in the code that runs now, so that they carry no data."""
    if not isinstance(words, str):
        return False
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame is None:
            return False
        if words in frame.f_code.co_consts:
            return True
        frame = frame.f_back
    return False


def _fits(name: str, value: object) -> bool:
    form = FIELDS.get(name)
    return form is not None and value is not None and form.fullmatch(str(value)) is not None


def _plain(value: object) -> object:
    return value if isinstance(value, int | float) else str(value)


def _place(filename: str, number: int) -> str:
    path = Path(filename)
    below = path.relative_to(_PROJECT) if path.is_relative_to(_PROJECT) else Path(*path.parts[-2:])
    return f"{below}:{number}"


class _Stamp:
    """Says when, how grave and by which process."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(
        self, _logger: Any, method: str, line: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Add the three to a line."""
        line.update(at=_now(), level=method, process=self._process)
        return line


class _Formatter(logging.Formatter):
    """Turns a library's record into a line without its arguments and without its traceback."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._render = structlog.processors.JSONRenderer()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; see the module."""
        words = record.msg if is_literal(record.msg) else _WORDS_OF_LIBRARIES
        line: dict[str, Any] = {
            "event": words,
            "logger": record.name,
            "place": _place(record.pathname, record.lineno),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= what_broke(record.exc_info[1])
        line |= {"at": _now(), "level": record.levelname.lower(), "process": self._process}
        kept = {"event": words} | {name: line[name] for name in line if _fits(name, line[name])}
        return str(self._render(None, "", kept))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _tell_of_the_end(
    kind: type[BaseException], problem: BaseException, _trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("process ended by an exception", **what_broke(problem))


def _tell_of_a_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        structlog.get_logger().error("thread ended", **what_broke(ended.exc_value))


def _tell_of_the_unraisable(told: "sys.UnraisableHookArgs") -> None:
    if told.exc_value is not None:
        structlog.get_logger().error("exception nobody could raise", **what_broke(told.exc_value))
