"""The stage of a run: the accounts and products it works with, made over HTTP before the first measured request.

The stage is a JSON file, so that every load process plays on the same one. Plain httpx with threads: in a load
process they are gevent's, elsewhere the system's.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

import httpx

from loadtests.common.needs import Needs
from loadtests.errors import CouldNotRun

T = TypeVar("T")
U = TypeVar("U")

FILE = "stage.json"  # beside the ledgers
PASSWORD = "load run 2026"  # noqa: S105 - accounts of a load run, made for it
AT_ONCE = 12


@dataclass(frozen=True)
class Person:
    id: str
    email: str
    token: str


@dataclass(frozen=True)
class Product:
    id: str
    seller: int  # its place among the stage's sellers
    stock: int  # the first one
    price: float


@dataclass(frozen=True)
class Stage:
    scenario: str
    seed: int
    seconds: float
    sellers: list[Person] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    buyers: list[Person] = field(default_factory=list)

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    def without_tokens(self) -> Stage:
        """To be kept: who reads it must log in."""
        sellers = [replace(one, token="") for one in self.sellers]
        return replace(self, sellers=sellers, buyers=[replace(one, token="") for one in self.buyers])


def load(text: str) -> Stage:
    """The stage that `dumps` wrote."""
    raw = json.loads(text)
    return Stage(
        scenario=raw["scenario"],
        seed=raw["seed"],
        seconds=raw["seconds"],
        sellers=[Person(**one) for one in raw["sellers"]],
        products=[Product(**one) for one in raw["products"]],
        buyers=[Person(**one) for one in raw["buyers"]],
    )


def client(url: str) -> httpx.Client:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    return httpx.Client(base_url=url, timeout=15, limits=limits, trust_env=False)


def build(
    url: str, needs: Needs, *, scenario: str, seed: int, seconds: float, buyers: int, stock: int | None = None
) -> Stage:
    """Registers people and offers products. Raises CouldNotRun when the shop refuses."""
    with client(url) as http:
        sellers = _all(lambda n: register(http, "seller"), range(needs.sellers))

        def offer(number: int) -> Product:
            return _offer(http, sellers, number, needs.stock if stock is None else stock)

        products = _all(offer, range(needs.products))
        people = _all(lambda n: register(http, "buyer"), range(buyers))
    return Stage(scenario, seed, seconds, sellers, products, people)


def register(http: httpx.Client, role: str) -> Person:
    email = f"load-{role}-{uuid.uuid4().hex}@example.com"
    body = {"name": f"Load {role}", "email": email, "password": PASSWORD, "role": role}
    answer = _made(http.post("/api/auth/register", json=body))
    return Person(answer["user"]["id"], email, answer["access_token"])


def login(http: httpx.Client, email: str, password: str = PASSWORD) -> str:
    """An access token. Raises CouldNotRun."""
    answer = http.post("/api/auth/login", json={"email": email, "password": password})
    if answer.status_code != 200:
        raise CouldNotRun(f"logging in as {email} was refused with {answer.status_code}: {_reason(answer)}")
    return str(answer.json()["access_token"])


def _offer(http: httpx.Client, sellers: Sequence[Person], number: int, stock: int) -> Product:
    seller = number % len(sellers)
    price = 5 + number % 40
    body = {"name": f"Load run item {number}", "price": price, "stock": stock, "category": "Load runs"}
    headers = {"Authorization": f"Bearer {sellers[seller].token}"}
    answer = _made(http.post("/api/products/", json=body, headers=headers))
    return Product(answer["id"], seller, stock, price)


def _made(answer: httpx.Response) -> Any:
    if answer.status_code != 201:
        where = f"{answer.request.method} {answer.request.url.path}"
        raise CouldNotRun(f"the stage could not be set: {where} answered {answer.status_code}: {_reason(answer)}")
    return answer.json()


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))
    except ValueError:
        return answer.text[:200]


def _all(make: Callable[[U], T], of: Iterable[U]) -> list[T]:
    """Several at once, in order. Raises CouldNotRun."""
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(make, of))
    except httpx.HTTPError as error:
        raise CouldNotRun(f"the stage could not be set: {error or type(error).__name__}") from error
