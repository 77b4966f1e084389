"""A PostgreSQL server of our own for a test session; fault runs use the same one."""

from worker.chaos.postgres import SAFE, PostgresServer, binary, missing

__all__ = ["SAFE", "PostgresServer", "binary", "missing"]
