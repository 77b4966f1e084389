"""The ledger in memory, for tests: same contract as the SQL one, nothing outlives the process."""

from worker.adapters.memory.ledger import MemoryLedger

__all__ = ["MemoryLedger"]
