"""Money is a Decimal with two places. It is summed exactly; only JSON sees a number."""

from __future__ import annotations

from decimal import Decimal

CENT = Decimal("0.01")
MIN_PRICE = Decimal("0.01")
MAX_PRICE = Decimal(1_000_000)


def exact(value: Decimal | int) -> Decimal:
    """`value` with exactly two places. Raises ValueError when it has more."""
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("is not a number")
    if amount.adjusted() > 15:
        raise ValueError("is too large")
    rounded = amount.quantize(CENT)
    if rounded != amount:
        raise ValueError("has more than two decimals")
    return rounded
