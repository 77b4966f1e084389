"""Faults and kills against the whole thing; ends with one JSON object of what was lost, doubled or unexpected."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.chaos.run import main

if __name__ == "__main__":
    sys.exit(main())
