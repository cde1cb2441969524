"""The people, payers and addresses on a claim, from their records to claim facts."""

from datetime import date

from backoffice.models.clients import Client, Policy
from backoffice.models.payers import Payer
from backoffice.rules.claim_facts import (
    AddressFacts,
    CoverageFacts,
    PayerFacts,
    PayerOrder,
    PersonFacts,
)
from backoffice.rules.codes import SELF
from backoffice.rules.readiness import Shape
from backoffice.services.readiness_facts import address_of


def known(address: AddressFacts) -> AddressFacts | None:
    """Return the address, or None where the record has none at all."""
    return address if address.line1 or address.city or address.zip else None


def client_facts(client: Client) -> PersonFacts:
    """Return the client as on the claim (NM1*QC, or NM1*IL when insured in person)."""
    return PersonFacts(
        last_name=client.last_name,
        first_name=client.first_name,
        middle_name=client.middle_name,
        suffix=client.suffix,
        birth_date=client.born_on,
        sex=client.sex,
        address=known(address_of(client)),
    )


def coverage_facts(
    policy: Policy, payer: Payer, client: Client, *, order: PayerOrder
) -> CoverageFacts:
    """Return a policy in the turn that it has on this claim (SBR, NM1*IL, NM1*PR)."""
    is_self = policy.relationship_code == SELF
    return CoverageFacts(
        order=order,
        payer=PayerFacts(payer.name, payer.electronic_id or "", payer.filing_code),
        insured=client_facts(client) if is_self else _insured(policy),
        member_id=policy.member_id or "",
        relationship=policy.relationship_code,
        group_number=policy.group_number,
        group_name=policy.group_name,
        insurance_type=policy.insurance_type,
    )


def _insured(policy: Policy) -> PersonFacts:
    born = policy.insured_birth_date
    is_day = policy.insured_birth_date_shape is Shape.WELL_FORMED and born
    return PersonFacts(
        last_name=policy.insured_last_name,
        first_name=policy.insured_first_name,
        birth_date=date.fromisoformat(born) if is_day and born else None,
        sex=policy.insured_sex,
        address=known(
            AddressFacts(
                line1=policy.insured_street,
                line2=policy.insured_street2,
                city=policy.insured_city,
                state=policy.insured_state,
                zip=policy.insured_zip,
            )
        ),
    )
