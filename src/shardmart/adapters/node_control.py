"""Steers database nodes through the control endpoint of `cluster demo`, if there is one."""

from __future__ import annotations

from typing import Any

import httpx

from shardmart.domain.errors import NotFound, NotManaged, SenselessNodeAction, Unavailable

SECONDS = 8.0


class ClusterNodes:
    """`url` and `token` come from the supervisor by environment; empty when this shop does not manage its nodes."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS, trust_env=False
        )

    async def act(self, node: str, action: str) -> None:
        """Raises NotManaged, NotFound for an unknown node, SenselessNodeAction, Unavailable."""
        if not self._url:
            raise NotManaged
        answer = await self._ask("POST", f"/nodes/{node}/{action}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound
        if answer.status_code == httpx.codes.CONFLICT:
            raise SenselessNodeAction
        if not answer.is_success:
            raise Unavailable

    async def known(self) -> list[dict[str, Any]]:
        """The supervisor's nodes with their host and process state, nothing when it is not there."""
        if not self._url:
            return []
        try:
            answer = await self._ask("GET", "/nodes")
        except Unavailable:
            return []
        return list(answer.json()["nodes"]) if answer.is_success else []

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            return await self._client.request(method, path)
        except httpx.HTTPError as error:
            raise Unavailable from error
