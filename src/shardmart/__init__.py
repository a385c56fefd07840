"""Shardmart: a marketplace on MongoDB that never sells what is not there."""

__version__ = "0.1.0"
