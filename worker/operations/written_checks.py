"""What can be checked of what leads write: rules/ and kb/. Each mistake is told here, and by no other check again.

Called by doctor.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker import bootstrap
from worker.errors import BadConfiguration
from worker.operations.checkup import Said, broken, ok
from worker.settings import Settings

AFTER = "Correct what is broken there, then run this again."
_RULES = "Correct it, then run this again; rules/README.md says what may stand in it."
_KB = "Correct it, then run this again; kb/README.md says what may stand in it."


def rules_and_kb(settings: Settings) -> Iterator[Said]:
    try:
        rulebook = bootstrap.load_rules(settings)
    except BadConfiguration as error:
        yield from (broken("rules", problem, _RULES) for problem in error.problems)
        return  # a document's labels are checked against the rules
    yield ok("rules", f"{settings.rules_dir}, version {rulebook.version[:12]}")
    try:
        kb = bootstrap.load_kb(settings)
    except BadConfiguration as error:
        yield from (broken("knowledge base", problem, _KB) for problem in error.problems)
    else:
        yield ok("knowledge base", f"{len(kb.templates)} templates, {len(kb.articles)} articles")
