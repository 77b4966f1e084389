"""The trained template choice in Milvus: bytes as text, over as many rows as it takes, in the collection it is for.

So it is swapped, rolled back and dropped with its index, and every process that can search can read it. What the bytes
mean is not known here. Used by adapters/milvus.py and milvus_write.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from worker.adapters.milvus_link import PART
from worker.adapters.milvus_rows import Columns, Live, unfindable_columns
from worker.errors import Retryable

ROOM = 45_000  # bytes in one row: 60,000 letters of base64
TOGETHER = 20  # rows of one request or answer: about a megabyte


def rows_for(head: bytes) -> int:
    return -(-len(head) // ROOM)


def head_columns(head: bytes) -> Iterator[Columns]:
    """Its rows, as many together as go into one request."""
    for start in range(0, rows_for(head), TOGETHER):
        numbers = range(start, min(start + TOGETHER, rows_for(head)))
        parts = [head[number * ROOM : (number + 1) * ROOM] for number in numbers]
        yield unfindable_columns(
            pk=[_pk(number) for number in numbers],
            words=["head"] * len(parts),
            text=[base64.b64encode(part).decode("ascii") for part in parts],
        )


def read_head(client: Any, live: Live, timeout: float) -> bytes:
    """Retryable where rows are missing."""
    parts: dict[str, bytes] = {}
    for start in range(0, live.head_rows, TOGETHER):
        wanted = [_pk(number) for number in range(start, min(start + TOGETHER, live.head_rows))]
        rows = client.query(
            live.name,
            filter=f"pk in {json.dumps(wanted)}",
            output_fields=["pk", "text"],
            timeout=timeout,
            consistency_level="Eventually",
        )
        parts |= {str(row["pk"]): base64.b64decode(row["text"], validate=True) for row in rows}
    if len(parts) != live.head_rows:
        raise Retryable("the template choice of the index is not whole", part=PART)
    return b"".join(parts[_pk(number)] for number in range(live.head_rows))


def _pk(number: int) -> str:
    return f"#head.{number:05d}"
