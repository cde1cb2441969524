"""The whole future of a claim, decided the moment it arrives and before anything is answered.

A story is a pure function of the seed and the claim, so the sandbox can write down how it will end
and hold us to it: the oracle of `backoffice demo` and of the storms.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from backoffice.sandbox.payer.adjudication import (
    DENIALS,
    NO_DOCUMENTS,
    NOT_A_MEMBER,
    deny,
    pay,
    payer_number_of,
)
from backoffice.sandbox.payer.lots import Lots
from backoffice.sandbox.payer.payments import (
    ZERO,
    ClaimPayment,
    ProviderAdjustmentMade,
    end_of,
    reversal_of,
)
from backoffice.sandbox.payer.scenarios import DEFAULT_MIX, Mix, Scenario, scenario_of
from backoffice.sandbox.payer.seen import ClaimSeen

REPLACEMENT, VOID = "7", "8"


class StepKind(StrEnum):
    """What a payer does at one moment of a story."""

    SAYS = "says"  # a claim status: a response row and a 277CA
    PAYS = "pays"  # goes into the next remittance
    REPEATS = "repeats"  # the remittance of the last payment is offered again


@dataclass(frozen=True)
class Step:
    """One moment of a story, `days` after the claim arrived.

    `stc` is the claim status (STC01: category, status, entity) and `accepts` its letter (A or R).
    """

    days: float
    kind: StepKind
    stc: str = ""
    accepts: bool = True
    payments: tuple[ClaimPayment, ...] = ()
    provider_adjustments: tuple[ProviderAdjustmentMade, ...] = ()


@dataclass(frozen=True)
class Earlier:
    """A claim of before, as its payer remembers it: what was paid and is not yet taken back."""

    payer_claim_control_number: str
    payments: tuple[ClaimPayment, ...]


@dataclass(frozen=True)
class Story:
    """What will be said and paid about a claim, and how it must end in our words.

    `end` is one of paid, denied, deductible, rejected, more_info_required and voided.
    """

    scenario: Scenario
    end: str
    payer_claim_control_number: str
    steps: tuple[Step, ...] = ()
    clearinghouse_refuses: str = field(default="")

    @property
    def payments(self) -> tuple[ClaimPayment, ...]:
        """Every CLP of the story, in order."""
        return tuple(payment for step in self.steps for payment in step.payments)


REFUSALS_BY_CLEARINGHOUSE = ("A7:164:IL", "A7:562:85", "A3:116", "A6:21")
REFUSALS_BY_PAYER = ("A7:164:IL", "A3:116", "A6:21", "A8:21")
UNKNOWN_ORIGINAL = "A7:464"
RECEIVED, ACCEPTED, PENDING, ASKING = "A1:19", "A2:20", "P1:0", "R3:21"

SCENARIOS_WITH_END: dict[Scenario, str] = {
    Scenario.REJECTED_BY_CLEARINGHOUSE: "rejected",
    Scenario.REJECTED_BY_PAYER: "rejected",
    Scenario.MORE_INFORMATION: "more_info_required",
}


def story_of(
    claim: ClaimSeen,
    *,
    seed: int,
    mix: Mix = DEFAULT_MIX,
    forced: str = "",
    earlier: Earlier | None = None,
) -> Story:
    """Decide everything about a claim.

    `earlier` is the claim that a replacement or a void names in REF*F8, when this payer has paid or
    denied it; without it such a claim is rejected, as a payer would.
    """
    lots = Lots(seed, claim.patient_control_number)
    scenario = scenario_of(claim, lots=lots, mix=mix, forced=forced)
    number = payer_number_of(claim, seed=seed)
    if scenario is Scenario.REJECTED_BY_CLEARINGHOUSE:
        refusal = lots.pick("refusal", REFUSALS_BY_CLEARINGHOUSE)
        return Story(scenario, "rejected", number, clearinghouse_refuses=refusal)
    if claim.frequency in (REPLACEMENT, VOID) and earlier is None:
        return Story(
            Scenario.REJECTED_BY_PAYER,
            "rejected",
            number,
            _refused(lots, UNKNOWN_ORIGINAL),
        )
    taken_back = tuple(reversal_of(payment) for payment in earlier.payments) if earlier else ()
    if claim.frequency == VOID:
        return Story(scenario, "voided", number, _voided(lots, taken_back))
    steps = STEPS.get(scenario, _paid)(_Telling(claim, scenario, lots, seed))
    if taken_back:
        steps = _taking_back(steps, taken_back)
    return Story(scenario, _end(scenario, steps), number, steps)


@dataclass(frozen=True)
class _Telling:
    claim: ClaimSeen
    scenario: Scenario
    lots: Lots
    seed: int

    def payment(self) -> ClaimPayment:
        return pay(self.claim, self.scenario, lots=self.lots, seed=self.seed)


def _end(scenario: Scenario, steps: tuple[Step, ...]) -> str:
    if scenario in SCENARIOS_WITH_END:
        return SCENARIOS_WITH_END[scenario]
    own = [payment for step in steps for payment in step.payments if payment.outcome != "22"]
    return end_of(own[-1])


def _greeting(lots: Lots) -> tuple[Step, Step]:
    received = lots.days("received", 0.5, 1)
    accepted = received + lots.days("accepted", 0.2, 1)
    return (
        Step(received, StepKind.SAYS, RECEIVED),
        Step(accepted, StepKind.SAYS, ACCEPTED),
    )


def _refused(lots: Lots, stc: str) -> tuple[Step, ...]:
    received, accepted = _greeting(lots)
    if lots.one_in("rejected after it was accepted", 4):
        late = Step(accepted.days + 1, StepKind.SAYS, stc, accepts=False)
        return received, accepted, late
    return received, replace(accepted, stc=stc, accepts=False)


def _rejected(telling: _Telling) -> tuple[Step, ...]:
    return _refused(telling.lots, telling.lots.pick("refusal", REFUSALS_BY_PAYER))


def _voided(lots: Lots, taken_back: tuple[ClaimPayment, ...]) -> tuple[Step, ...]:
    days = lots.days("decided", 3, 6)
    decided = (Step(days, StepKind.PAYS, payments=taken_back),) if taken_back else ()
    return (*_greeting(lots), *decided)


def _taking_back(steps: tuple[Step, ...], taken_back: tuple[ClaimPayment, ...]) -> tuple[Step, ...]:
    """Put the reversal of the replaced claim in front of the first payment of the new one."""
    place = next((i for i, step in enumerate(steps) if step.payments), None)
    if place is None:
        return steps
    first = replace(steps[place], payments=taken_back + steps[place].payments)
    return (*steps[:place], first, *steps[place + 1 :])


def _decision(telling: _Telling, payment: ClaimPayment, *, after: float = 0) -> Step:
    interest = payment.interest_amount
    extra = (
        (ProviderAdjustmentMade("L6", payment.payer_claim_control_number, -interest),)
        if interest
        else ()
    )
    days = after + telling.lots.days("decided", 3, 7)
    return Step(days, StepKind.PAYS, payments=(payment,), provider_adjustments=extra)


def _paid(telling: _Telling) -> tuple[Step, ...]:
    return (*_greeting(telling.lots), _decision(telling, telling.payment()))


def _denied(telling: _Telling) -> tuple[Step, ...]:
    denial = telling.lots.pick("denial", DENIALS)
    payment = deny(telling.claim, denial, seed=telling.seed)
    return (*_greeting(telling.lots), _decision(telling, payment))


def _not_a_member(telling: _Telling) -> tuple[Step, ...]:
    payment = deny(telling.claim, NOT_A_MEMBER, seed=telling.seed)
    return (*_greeting(telling.lots), _decision(telling, payment))


def _pending(telling: _Telling) -> tuple[Step, ...]:
    pending = Step(telling.lots.days("pending", 2.2, 3), StepKind.SAYS, PENDING)
    return (
        *_greeting(telling.lots),
        pending,
        replace(pending, days=pending.days + 1),
        _decision(telling, telling.payment(), after=2),
    )


def _asking(telling: _Telling) -> tuple[Step, ...]:
    asked = Step(telling.lots.days("asked", 2.2, 3), StepKind.SAYS, ASKING)
    return (*_greeting(telling.lots), asked)


def _unanswered(telling: _Telling) -> tuple[Step, ...]:
    payment = deny(telling.claim, NO_DOCUMENTS, seed=telling.seed)
    return (*_asking(telling), _decision(telling, payment, after=4))


def _out_of_order(telling: _Telling) -> tuple[Step, ...]:
    """The money comes first; what should have been said before it follows, late."""
    received, accepted = _greeting(telling.lots)
    paid = replace(_decision(telling, telling.payment()), days=received.days)
    return (
        paid,
        replace(accepted, days=accepted.days + 2),
        replace(received, days=accepted.days + 3),
    )


def _repeated(telling: _Telling) -> tuple[Step, ...]:
    steps = _paid(telling)
    return (*steps, Step(steps[-1].days + 2, StepKind.REPEATS))


def _corrected(telling: _Telling) -> tuple[Step, ...]:
    """Paid, then taken back, and decided anew: less is paid, or nothing."""
    steps = _paid(replace(telling, scenario=Scenario.PAID))
    first = steps[-1].payments[0]
    if telling.scenario is Scenario.REVERSED_AND_DENIED:
        second = deny(telling.claim, telling.lots.pick("denial", DENIALS), seed=telling.seed)
    else:
        second = telling.payment()
    again = Step(
        steps[-1].days + telling.lots.days("corrected", 2, 4),
        StepKind.PAYS,
        payments=(reversal_of(first), second),
    )
    return (*steps, again)


def _recouped(telling: _Telling) -> tuple[Step, ...]:
    """Paid; later the payer keeps a part of it back from another check (PLB WO or 72)."""
    steps = _paid(telling)
    payment = steps[-1].payments[0]
    kept = (payment.paid_amount * telling.lots.number("kept back", 10, 40) / 100).quantize(ZERO)
    taking = ProviderAdjustmentMade(
        telling.lots.pick("reason to keep back", ("WO", "72")),
        payment.payer_claim_control_number,
        kept,
    )
    if not kept:
        return steps
    days = steps[-1].days + telling.lots.days("kept back after", 1, 3)
    return (*steps, Step(days, StepKind.PAYS, provider_adjustments=(taking,)))


STEPS: dict[Scenario, Callable[[_Telling], tuple[Step, ...]]] = {
    Scenario.REJECTED_BY_PAYER: _rejected,
    Scenario.DENIED: _denied,
    Scenario.MEMBER_NOT_FOUND: _not_a_member,
    Scenario.PENDING_THEN_PAID: _pending,
    Scenario.MORE_INFORMATION: _asking,
    Scenario.MORE_INFORMATION_THEN_DENIED: _unanswered,
    Scenario.OUT_OF_ORDER: _out_of_order,
    Scenario.DUPLICATE_ERA: _repeated,
    Scenario.REVERSED_AND_CORRECTED: _corrected,
    Scenario.REVERSED_AND_DENIED: _corrected,
    Scenario.RECOUPED: _recouped,
}
