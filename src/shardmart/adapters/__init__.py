"""Implementations of `domain.ports`."""
