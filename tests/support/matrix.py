"""On what the suites run: everything on both topologies, the contract with every driver, checkouts by every strategy.

`@pytest.mark.strategies("all")`: by every safe strategy. `("soak")`: by the default one, and by the others in
`make soak`; `("replica")`: by the others on the replica set, and elsewhere in `make soak`. Without a mark, or with
None: by the default one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

TOPOLOGIES = ("replica", "sharded")
DRIVERS = ("motor", "pymongo")  # the first one carries the suites that need no second driver
STRATEGIES = ("group", "transaction", "reservation")  # those that are safe; the first one is what `auto` chooses


@dataclass(frozen=True)
class Setup:
    topology: str
    driver: str
    strategy: str = STRATEGIES[0]

    def __str__(self) -> str:
        return f"{self.topology}-{self.driver}-{self.strategy}"

    @property
    def checkout(self) -> str:
        """The setting: the default strategy is tested as the default."""
        return "auto" if self.strategy == STRATEGIES[0] else self.strategy


def setups(
    topologies: tuple[str, ...], drivers: tuple[str, ...], strategies: tuple[str, ...], others: str | None
) -> Iterator[object]:
    """Every topology with the first driver, the first topology with the others too.

    `others` is what a test's mark says of the strategies that are not the first of `strategies`.
    """
    for number, topology in enumerate(topologies):
        for driver in drivers[:1] if number else drivers:
            yield _param(Setup(topology, driver, strategies[0]))
        for strategy in strategies[1:] if others else ():
            marks = [] if others in ("all", topology) else [pytest.mark.soak]
            yield _param(Setup(topology, drivers[0], strategy), *marks)


def _param(setup: Setup, *marks: pytest.MarkDecorator) -> object:
    return pytest.param(setup, marks=marks, id=str(setup))
