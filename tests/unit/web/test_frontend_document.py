"""The front end's types are made of a stored copy of the OpenAPI document; a stale one is found here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_front_end_knows_the_api_as_it_is() -> None:
    command = [sys.executable, ROOT / "tools" / "openapi_document.py"]
    served = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT).stdout
    stored = (ROOT / "frontend" / "openapi.json").read_text()
    assert stored == served, "frontend/openapi.json is stale: make types"
