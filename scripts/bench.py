"""Measures speed on this machine, on the real processes; ends with one JSON object."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.bench.run import main

if __name__ == "__main__":
    sys.exit(main())
