"""Judges practices, profiles, clinicians, locations, clients, policies and the rest, set by set."""

from collections.abc import Callable, Collection, Iterator, Mapping
from uuid import UUID

from backoffice.models.base import PracticeRow
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Enrollment
from backoffice.models.practices import BillingProfile, Clinician, ServiceFacility
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.readiness import (
    Subject,
    judge_authorization,
    judge_billing_profile,
    judge_client,
    judge_clinician,
    judge_enrollment,
    judge_location,
    judge_policy,
    judge_practice,
)
from backoffice.services import readiness_facts as facts
from backoffice.services.unbilled.findings import Judged
from backoffice.services.unbilled.surroundings import Surroundings, fresh

Judge = Callable[[Surroundings, Collection[UUID]], Iterator[Judged]]


def judge(around: Surroundings, kind: Subject, ids: Collection[UUID]) -> list[Judged]:
    """Judge subjects of one kind by the pure rules; appointments are judged by their clients."""
    return list(_JUDGES[kind](around, ids)) if ids else []


def _practices(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    told = facts.practice_facts(
        around.practice, locations=len(around.facilities), profiles=len(around.profiles)
    )
    yield Judged(Subject.PRACTICE, around.practice_id, judge_practice(told))


def _profiles(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    for profile in fresh(around.session, around.mine(BillingProfile, ids)):
        told = judge_billing_profile(facts.profile_facts(profile))
        yield Judged(Subject.BILLING_PROFILE, profile.id, told)


def _clinicians(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    npis = facts.organization_npis(around.profiles)
    for clinician in (around.clinicians[each] for each in ids if each in around.clinicians):
        supervisor = around.clinicians.get(clinician.supervisor_id or clinician.id)
        told = facts.clinician_facts(
            clinician,
            npis_of_organizations=npis,
            supervisor=supervisor if clinician.supervisor_id else None,
        )
        yield Judged(Subject.CLINICIAN, clinician.id, judge_clinician(told))


def _locations(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    used_with = around.profiles_used_at(ids)
    for facility in fresh(around.session, around.mine(ServiceFacility, ids)):
        told = facts.location_facts(facility, used_with=used_with[facility.id])
        yield Judged(Subject.LOCATION, facility.id, judge_location(told))


def _clients(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    policies = around.policies_of(ids)
    clients = fresh(around.session, around.mine(Client, ids))
    kept_back = around.kept_back(clients)
    for client in clients:
        told = facts.client_facts(
            client,
            has_policy=bool(policies.get(client.id)),
            may_be_billed=client.id not in kept_back,
        )
        yield Judged(Subject.CLIENT, client.id, judge_client(told))


def _policies(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    asked = fresh(around.session, around.mine(Policy, ids))
    by_client = around.policies_of({policy.client_id for policy in asked})
    for policy in asked:
        others = [
            other
            for other in by_client.get(policy.client_id, [])
            if other.id != policy.id and facts.ranges_overlap(_span(policy), _span(other))
        ]
        told = facts.policy_facts(
            policy,
            around.payer(policy.payer_id),
            practice_state=around.practice.state,
            same_order=sum(other.payer_order is policy.payer_order for other in others),
            has_primary=any(other.payer_order is PayerOrder.PRIMARY for other in others),
        )
        gone = policy.withdrawn_at is not None
        yield Judged(Subject.POLICY, policy.id, () if gone else judge_policy(told))


def _enrollments(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    for enrollment in fresh(around.session, around.mine(Enrollment, ids)):
        told = judge_enrollment(facts.enrollment_facts(enrollment))
        yield Judged(Subject.ENROLLMENT, enrollment.id, told)


def _authorizations(around: Surroundings, ids: Collection[UUID]) -> Iterator[Judged]:
    asked = fresh(around.session, around.mine(Authorization, ids))
    policies = around.policies_of({authorization.client_id for authorization in asked})
    payer_by_policy = {
        policy.id: around.payer(policy.payer_id) for each in policies.values() for policy in each
    }
    for authorization in asked:
        payer = payer_by_policy.get(authorization.policy_id)
        told = facts.authorization_facts(
            authorization, number_required=payer is not None and payer.authorization_required
        )
        findings = judge_authorization(told, on=around.today)
        yield Judged(Subject.AUTHORIZATION, authorization.id, findings)


def _span(policy: Policy) -> facts.Span:
    return policy.effective_from, policy.effective_to


_JUDGES: Mapping[Subject, Judge] = {
    Subject.PRACTICE: _practices,
    Subject.BILLING_PROFILE: _profiles,
    Subject.CLINICIAN: _clinicians,
    Subject.LOCATION: _locations,
    Subject.CLIENT: _clients,
    Subject.POLICY: _policies,
    Subject.ENROLLMENT: _enrollments,
    Subject.AUTHORIZATION: _authorizations,
}

MODELS: Mapping[Subject, type[PracticeRow]] = {
    Subject.BILLING_PROFILE: BillingProfile,
    Subject.CLINICIAN: Clinician,
    Subject.LOCATION: ServiceFacility,
    Subject.CLIENT: Client,
    Subject.POLICY: Policy,
    Subject.ENROLLMENT: Enrollment,
    Subject.AUTHORIZATION: Authorization,
}
"""The table of each kind of subject but the practice itself and the appointment."""
