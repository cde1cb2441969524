"""What oxedi reads in an 835, in a form that ours can be held to."""

from dataclasses import dataclass
from decimal import Decimal

import oxedi

NOTHING = "∅"


@dataclass(frozen=True)
class OxediView:
    """Counts, sums and balance by oxedi."""

    claims: list[tuple[str, Decimal, Decimal]]
    lines: list[tuple[Decimal, Decimal]]
    adjustments: int
    payments: list[Decimal]
    provider_adjustments: list[Decimal]
    imbalances: int


def oxedi_view(data: bytes) -> OxediView:
    """Read an 835 with oxedi."""
    result = oxedi.parse(data)
    tables = result.tables
    return OxediView(
        claims=[
            (row["claim_id"], Decimal(row["charge_amount"]), Decimal(row["payment_amount"]))
            for row in _rows(tables["claims"].render())
        ],
        lines=[
            (_amount(row["charge_amount"]), _amount(row["payment_amount"]))
            for row in _rows(tables["services"].render())
        ],
        adjustments=len(_rows(tables["adjustments"].render())),
        payments=[
            Decimal(row["total_payment_amount"]) for row in _rows(tables["payments"].render())
        ],
        provider_adjustments=[
            Decimal(row["amount"]) for row in _rows(tables["provider_adjustments"].render())
        ],
        imbalances=sum(1 for each in result.diagnostics if each.kind == "BalanceMismatch"),
    )


def _amount(text: str) -> Decimal:
    return Decimal(0) if text == NOTHING else Decimal(text)


def _rows(rendered: str) -> list[dict[str, str]]:
    """oxedi shows its tables as text; the richer ways out need pandas or polars."""
    lines = [line for line in rendered.splitlines() if " | " in line]
    names = [cell.split(":")[0] for cell in lines[0].split(" | ")]
    return [dict(zip(names, line.split(" | "), strict=True)) for line in lines[1:]]
