"""A PostgreSQL server of our own for a test session; fault runs use the same one."""

from worker.chaos.postgres import PostgresServer, binary, missing

__all__ = ["PostgresServer", "binary", "missing"]
