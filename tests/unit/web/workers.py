"""A shop in memory behind real workers: `python -m tests.unit.web.workers`, for tests of the server itself."""

from __future__ import annotations

import os
from typing import Any

from sanic import Sanic

from shardmart import settings
from shardmart.web.app import create_app as make
from shardmart.web.server import serve
from tests.unit.web.fakes import FakeShop


def configured() -> settings.Settings:
    environ = {"SHARDMART_MONGO_URI": "mongodb://nowhere", "SHARDMART_SECRET_KEY": "0123456789abcdef" * 4}
    return settings.load({**environ, "SHARDMART_PORT": os.environ["PORT"]}, env_file=None)


async def opened(_: settings.Settings) -> FakeShop:
    fake = FakeShop()
    fake.products.wait = float(os.environ["WAIT"])
    return fake


def create_app() -> Sanic[Any, Any]:
    return make(opened, configured())


if __name__ == "__main__":
    serve(configured(), factory="tests.unit.web.workers:create_app")
