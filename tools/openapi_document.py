"""Prints the served OpenAPI document without a server or a database: `frontend/openapi.json` is made by it."""

from __future__ import annotations

import json
import sys

from shardmart.web.openapi import document
from shardmart.web.routes import ROUTES, TAGS


def text() -> str:
    """Sorted and indented, so that a change of the API is a readable change of the file."""
    return json.dumps({"openapi": "3.0.3", **document(ROUTES, TAGS)}, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
