"""Chooses what an appointment rests on: policy, billing profile, enrollment, authorization."""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from backoffice.models.clients import Authorization, Policy
from backoffice.models.payers import Enrollment, Payer
from backoffice.models.practices import BillingProfile
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.dates import filing_deadline, is_covered
from backoffice.rules.readiness import AuthorizationState, EnrollmentStatus

DAYS_FOR_AN_E_FOLD = 14
DAYS_WHEN_NO_PAYER = 90  # the strictest common deadline: an unknown payer is no reason to rest
_ORDER = {PayerOrder.PRIMARY: 0, PayerOrder.SECONDARY: 1, PayerOrder.TERTIARY: 2}


def choose_policy(policies: Sequence[Policy], day: date) -> Policy | None:
    """Return the live policy to bill for a day: the first in payer order among those covering it.

    On the day a plan changes the newer one counts. Where none covers the day the first in order
    is returned all the same, so that its dates can be looked at.
    """
    live = [policy for policy in policies if policy.withdrawn_at is None]
    covering = [policy for policy in live if covers(policy, day)]
    newest_first = sorted(
        covering or live, key=lambda policy: policy.effective_from or date.min, reverse=True
    )
    return min(newest_first, key=lambda policy: _ORDER[policy.payer_order], default=None)


def covers(policy: Policy, day: date) -> bool:
    """Tell whether a policy is in force on a day; an empty end is open."""
    return is_covered(day, policy.effective_from, policy.effective_to)


def choose_profile(
    profiles: Iterable[BillingProfile], payer_id: UUID | None, clinician_id: UUID | None
) -> BillingProfile | None:
    """Return the most specific live profile: payer and clinician, payer, clinician, default."""
    fitting = [
        profile
        for profile in profiles
        if profile.withdrawn_at is None
        and profile.payer_id in {None, payer_id}
        and profile.clinician_id in {None, clinician_id}
    ]
    return min(
        fitting,
        key=lambda profile: (profile.payer_id is None, profile.clinician_id is None, profile.id),
        default=None,
    )


def choose_enrollment(
    enrollments: Iterable[Enrollment], payer_id: UUID | None, clinician_id: UUID | None
) -> Enrollment | None:
    """Return the enrollment that lets claims go to a payer: the clinician's own, else all's."""
    fitting = [
        enrollment
        for enrollment in enrollments
        if enrollment.payer_id == payer_id and enrollment.clinician_id in {None, clinician_id}
    ]
    return min(fitting, key=lambda enrollment: enrollment.clinician_id is None, default=None)


def effective_day(enrollment: Enrollment | None) -> date | None:
    """Return from which day of service an accepted enrollment counts, where it is known."""
    if enrollment is None or enrollment.status is not EnrollmentStatus.ACCEPTED:
        return None
    return enrollment.effective_on


def authorization_state(
    authorization: Authorization | None, payer: Payer | None, day: date, *, earlier_unbilled: int
) -> AuthorizationState:
    """Say how a session stands to its policy's active authorization (REF*G1, Box 23).

    An active authorization is taken as proof that the plan wants one, but for sessions before
    its first day only the payer's own rule counts. `earlier_unbilled`: how many earlier sessions
    still to be billed will take a use before this one.
    """
    required = payer is not None and payer.authorization_required
    if authorization is None:
        return AuthorizationState.MISSING if required else AuthorizationState.NOT_NEEDED
    before = authorization.first_day is not None and day < authorization.first_day
    if before and not required:
        return AuthorizationState.NOT_NEEDED
    if not is_within(authorization, day):
        return AuthorizationState.OUTSIDE_DATES
    taken = authorization.uses_spent + earlier_unbilled
    if authorization.uses_allowed is not None and taken >= authorization.uses_allowed:
        return AuthorizationState.USED_UP
    return AuthorizationState.COVERED


def is_within(authorization: Authorization, day: date) -> bool:
    """Tell whether an authorization is valid on a day; an empty end is open."""
    return is_covered(day, authorization.first_day, authorization.last_day)


def deadline_of(served_on: date, payer: Payer | None) -> date | None:
    """Return the last day on which the payer takes the claim; None where no payer is known."""
    return None if payer is None else filing_deadline(served_on, payer.filing_days)


def risk_key(charge_amount: Decimal, deadline_on: date | None, served_on: date) -> int:
    """Return a number that orders by money at risk x closeness of the deadline, highest first.

    1000 x (ln(cents) - deadline / 14 days): a deadline 14 days nearer weighs as much as e times
    (2.7 times) the money. As days pass all keys would fall alike, so today is left out of it and
    a stored key never grows stale.
    """
    cents = max(int(charge_amount * 100), 1)
    last = deadline_on or filing_deadline(served_on, DAYS_WHEN_NO_PAYER)
    return round(1000 * (math.log(cents) - last.toordinal() / DAYS_FOR_AN_E_FOLD))
