"""The worker as production starts it, at a desk where some tickets are venom: a program, for test_worker.py."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from tests.poison.venom import a_venomous_desk
from worker import bootstrap, tasks
from worker.settings import Settings
from worker.support.desk import Desk


class VenomousShop(tasks.Shop):
    """Without Milvus and without a model, which have nothing to do with it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        helpdesk = bootstrap.make_helpdesk(settings)
        self._venomous, _ = ExitStack().enter_context(a_venomous_desk(settings.ledger_url, helpdesk))

    def desk(self) -> Desk:
        return self._venomous


if __name__ == "__main__":
    tasks.Shop = VenomousShop  # type: ignore[misc]
    sys.exit(tasks.main())
