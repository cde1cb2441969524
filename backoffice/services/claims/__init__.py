"""Claims from draft to decision: create, scrub, freeze and release, take back, move.

`advance` is the only place that sets a claim's status. Whoever moves several claims takes them
through `locked` first.
"""

from backoffice.services.claims.actions import Action, Choice, actions_for
from backoffice.services.claims.creating import (
    AlreadyOnAClaim,
    LineNotWhole,
    SeveralPractices,
    create_claims,
    line_control_number,
)
from backoffice.services.claims.facts import facts_for, payer_number_of
from backoffice.services.claims.frozen import freeze, thaw
from backoffice.services.claims.permitted import findings_on_leaving
from backoffice.services.claims.releasing import (
    LeftAlready,
    NotReleasable,
    PayerNumberMissing,
    as_stored,
    hold,
    recall,
    release,
    reopen,
)
from backoffice.services.claims.steps import (
    HEARD,
    StepNotPossible,
    advance,
    ask_for_person,
    attempts_of,
    history,
    locked,
)

__all__ = [
    "HEARD",
    "Action",
    "AlreadyOnAClaim",
    "Choice",
    "LeftAlready",
    "LineNotWhole",
    "NotReleasable",
    "PayerNumberMissing",
    "SeveralPractices",
    "StepNotPossible",
    "actions_for",
    "advance",
    "as_stored",
    "ask_for_person",
    "attempts_of",
    "create_claims",
    "facts_for",
    "findings_on_leaving",
    "freeze",
    "history",
    "hold",
    "line_control_number",
    "locked",
    "payer_number_of",
    "recall",
    "release",
    "reopen",
    "thaw",
]
