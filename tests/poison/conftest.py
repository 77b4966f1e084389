"""The databases of the contract tests, here too."""

from tests.contract.conftest import postgres, sql_url, sqlite_template

__all__ = ["postgres", "sql_url", "sqlite_template"]
