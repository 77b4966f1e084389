"""Deskhand: answers support e-mail for a Freshdesk account. Read `support/pipeline.py` second, after the README."""

import os

# Read by OpenBLAS when numpy is first imported, here and in the processes that we start, Milvus Lite among them. Its
# further threads wait for the next matrix by spinning, and ours are small: of a ticket's processor time it was a third.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
