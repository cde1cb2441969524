"""Another author's validator of X12 files (pyx12): a second opinion on what we send."""

import io
import json
import logging
from typing import Any

import pyx12.errors
import pyx12.params
import pyx12.x12n_document

MOST = 20


def objections(content: bytes) -> tuple[str, ...]:
    """Return the codes of what pyx12 refuses in a file; empty where it takes it.

    Codes only: its words quote values. A file it cannot work through at all is an objection too.
    """
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)  # its log would quote them as well
    answer = io.StringIO()
    try:
        taken = pyx12.x12n_document.x12n_document(
            param=pyx12.params.params(),
            src_file=io.StringIO(content.decode("ascii")),
            fd_997=None,
            fd_html=None,
            fd_json=answer,
        )
    except (pyx12.errors.EngineError, pyx12.errors.X12Error, AttributeError, ValueError) as problem:
        return (type(problem).__name__,)
    if taken:
        return ()
    codes = tuple(dict.fromkeys(_codes(json.loads(answer.getvalue() or "null"))))
    return codes[:MOST] or ("refused",)


def _codes(answer: Any) -> list[str]:
    """Return the error codes anywhere in the answer."""
    if isinstance(answer, list):
        return [code for each in answer for code in _codes(each)]
    if not isinstance(answer, dict):
        return []
    own = [str(answer["err_cde"])] if answer.get("err_cde") else []
    return own + [code for each in answer.values() for code in _codes(each)]
