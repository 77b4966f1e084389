"""Faults and kills against the whole thing; ends with one JSON object of what was lost, doubled or unexpected."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly

if __name__ == "__main__":  # before the libraries are loaded; SIGTERM too, or what was started would go on without us
    end_quietly("The run was broken off: there is no count.")

from worker.chaos.run import main

if __name__ == "__main__":
    sys.exit(main())
