"""What each scenario needs in the shop before it starts. Known without importing Locust."""

from __future__ import annotations

from dataclasses import dataclass

PLENTY = 10_000_000


@dataclass(frozen=True)
class Needs:
    """Accounts and products of the run's own. `user`: the Locust class; `hot`: watch the first product's stock."""

    user: str
    sellers: int = 1
    products: int = 1
    stock: int = PLENTY
    hot: bool = False


SCENARIOS = {
    "browse": Needs("Browse"),
    "uniform": Needs("Uniform", sellers=8, products=80),
    "hot_item": Needs("HotItem", hot=True),
    "mixed_cart": Needs("MixedCart", sellers=4, products=40),
    "flash_sale": Needs("FlashSale", stock=100, hot=True),
    "restock": Needs("Restock", sellers=4, products=8, stock=50, hot=True),
    "cancel_storm": Needs("CancelStorm", sellers=2, products=4, stock=200, hot=True),
    "realtime": Needs("Realtime", sellers=2, products=10, stock=5_000, hot=True),
    "mixed": Needs("Mixed", sellers=6, products=60, stock=2_000, hot=True),
}
