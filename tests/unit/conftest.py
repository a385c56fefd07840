"""Unit tests: no process, no socket, no file but a temporary one."""

from __future__ import annotations

from hypothesis import settings

# machines are shared: an example may take long, a wrong one may not pass
settings.register_profile("unit", deadline=None, max_examples=80)
settings.load_profile("unit")
