"""pymilvus without pandas and scipy, which it loads for data frames and sparse matrices that nobody gives it here.

They are half of its import and more than half of its memory, 70 MB in each process that searches. Whoever wants pandas
itself gets it, before or after. Used by adapters/milvus_link.py; the rest of pymilvus is imported as usual, later.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_PANDAS = ("pandas", "pandas.api", "pandas.api.types")
_one = threading.Lock()


def milvus_client() -> Any:
    """The class pymilvus.MilvusClient."""
    with _one:
        if "pymilvus" not in sys.modules and "pandas" not in sys.modules:
            with _stand_ins():
                import pymilvus  # noqa: F401
        from pymilvus import MilvusClient
        from pymilvus.client.utils import SciPyHelper

        SciPyHelper._checked = True  # otherwise it loads scipy to see whether a vector is one of its matrices
        return MilvusClient


@contextmanager
def _stand_ins() -> Iterator[None]:
    for name in _PANDAS:
        sys.modules[name] = _StandIn(name)
    try:
        yield
    finally:
        for name in _PANDAS:
            del sys.modules[name]


class _StandIn(ModuleType):
    """Nothing is a data frame, and whoever calls anything else is told so."""

    class DataFrame: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent


def _absent(*_: object) -> None:
    raise ImportError("pymilvus was loaded without pandas")
