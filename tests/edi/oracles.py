"""Other people's validators of claims, asked once for a whole file: pyx12 and x12sdk."""

import io
import json
import logging
import warnings
from functools import cache
from typing import Any

import pyx12.map_if
import pyx12.params
import pyx12.x12n_document

_as_it_reads = pyx12.map_if.load_map_file


@cache
def _read_once(map_file: str) -> Any:
    return _as_it_reads(map_file, pyx12.params.params())


# pyx12 reads its maps anew for each file, half a second; what it counts in one stands elsewhere
pyx12.map_if.load_map_file = lambda map_file, *_: _read_once(map_file)


def pyx12_errors(data: bytes) -> list[str]:
    """What pyx12 refuses in a file (empty: it takes it). Its maps know 5010 exactly."""
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    answer = io.StringIO()
    try:
        taken = pyx12.x12n_document.x12n_document(
            param=pyx12.params.params(),
            src_file=io.StringIO(data.decode("ascii")),
            fd_997=None,
            fd_html=None,
            fd_json=answer,
        )
    except Exception as error:  # noqa: BLE001 (pyx12 trips over damage in many ways: a refusal)
        return [f"{type(error).__name__}: {error}"]
    if taken:
        return []
    return _messages(json.loads(answer.getvalue())) or ["refused without a reason"]


def _messages(answer: Any) -> list[str]:
    if isinstance(answer, dict):
        own = [str(answer[key]) for key in ("err_str", "message", "error") if answer.get(key)]
        return own + [each for value in answer.values() for each in _messages(value)]
    if isinstance(answer, list):
        return [each for value in answer for each in _messages(value)]
    return []


def pyx12_999(data: bytes) -> bytes:
    """The 999 that pyx12 answers a file with."""
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    answer = io.StringIO()
    pyx12.x12n_document.x12n_document(
        param=pyx12.params.params(),
        src_file=io.StringIO(data.decode("ascii")),
        fd_997=answer,
        fd_html=None,
    )
    return answer.getvalue().encode("ascii")


def x12sdk_errors(data: bytes) -> list[str]:
    """What x12sdk refuses in a file: it parses into models and stops at the first refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from x12sdk.io import X12ModelReader  # noqa: PLC0415 (warns at import)

        try:
            with X12ModelReader(data.decode("ascii")) as reader:
                count = sum(1 for _ in reader.models())
        except Exception as error:  # noqa: BLE001 (an oracle's refusal has many types)
            return [f"{type(error).__name__}: {str(error)[:400]}"]
    return [] if count else ["no transaction set was read"]
