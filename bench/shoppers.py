"""Demo people and their products, as the measurements need them."""

from __future__ import annotations

import httpx

PASSWORD = "demo123"


async def tokens(client: httpx.AsyncClient, number: int, role: str = "buyer") -> list[str]:
    """Access tokens of that many demo accounts."""
    return [await _token(client, f"{role}{n + 1 if n else ''}@demo.com") for n in range(number)]


async def _token(client: httpx.AsyncClient, email: str) -> str:
    answer = await client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    return str(answer.raise_for_status().json()["access_token"])


async def product_ids(client: httpx.AsyncClient, number: int) -> list[str]:
    """Ids of the newest products."""
    found: list[str] = []
    cursor = ""
    while len(found) < number:
        params = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/products/", params=params)).raise_for_status().json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    return found[:number]


async def stocked(client: httpx.AsyncClient, sellers: list[str], number: int) -> list[str]:
    """Ids of new products, the sellers' in turn, with more stock than any run can buy."""
    made = []
    for n in range(number):
        body = {"name": f"Bench {n}", "price": 10, "stock": 1_000_000, "category": "Bench"}
        headers = {"Authorization": f"Bearer {sellers[n % len(sellers)]}"}
        answer = await client.post("/api/products/", json=body, headers=headers)
        made.append(str(answer.raise_for_status().json()["id"]))
    return made
