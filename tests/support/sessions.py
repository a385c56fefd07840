"""The refresh session as a browser drives it: one cookie, an Origin, nothing else."""

from __future__ import annotations

import httpx

from tests.support.api import ok
from tests.support.shop import Person, Shop, refresh_cookie


def cookie_of(answer: httpx.Response) -> str:
    found = refresh_cookie(answer)
    assert found, f"no refresh cookie among {answer.headers.get_list('set-cookie')}"
    return found[1]


class Browser:
    """One login whose cookies are sent by hand, so that a test can send an old one again."""

    def __init__(self, shop: Shop, person: Person) -> None:
        self.shop = shop
        self.person = person
        answer = shop.anonymous.post("/api/auth/login", json={"email": person.email, "password": person.password})
        self.token = ok(answer)["access_token"]
        found = refresh_cookie(answer)
        assert found, "a login sets no refresh cookie"
        self.name, self.cookie, self.attributes = found

    def refresh(self, cookie: str | None, origin: str | None = "") -> httpx.Response:
        return self._post("/api/auth/refresh", cookie, origin)

    def logout(self, cookie: str | None, origin: str | None = "") -> httpx.Response:
        return self._post("/api/auth/logout", cookie, origin, token=self.token)

    def _post(self, path: str, cookie: str | None, origin: str | None, token: str | None = None) -> httpx.Response:
        headers = {} if cookie is None else {"Cookie": f"{self.name}={cookie}"}
        if origin is not None:
            headers["Origin"] = origin or self.shop.url
        return self.shop.as_(token).post(path, headers=headers)
