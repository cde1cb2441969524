"""The remittance (835, 005010X221A1): dataclasses; read() and out_of_balance() apart."""

from backoffice.edi.remittance_835.balance import (
    PaymentTotals,
    claim_out_of_balance,
    out_of_balance,
)
from backoffice.edi.remittance_835.reading import RemittanceReader, read
from backoffice.edi.remittance_835.shapes import (
    Adjustment,
    Payment,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    RemittanceParty,
    RemittancePerson,
)

__all__ = [
    "Adjustment",
    "Payment",
    "PaymentTotals",
    "ProviderAdjustment",
    "Remittance",
    "RemittanceClaim",
    "RemittanceLine",
    "RemittanceParty",
    "RemittancePerson",
    "RemittanceReader",
    "claim_out_of_balance",
    "out_of_balance",
    "read",
]
