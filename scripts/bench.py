"""Measures speed on this machine, on the real processes; ends with one JSON object."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly

if __name__ == "__main__":  # before the libraries are loaded; SIGTERM too, or what was started would go on without us
    end_quietly("The measurement was broken off: there are no figures.")

from worker.bench.run import main

if __name__ == "__main__":
    sys.exit(main())
