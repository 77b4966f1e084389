"""What a build would change in the live index: sources added, changed and gone, and how much each label can read.

Told before the swap by scripts/index_kb.py, and by the report of every build. What the change does to real questions is
told by support/preview.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from worker.knowledge.articles import PUBLIC
from worker.knowledge.documents import version_of
from worker.models import Noun, Source, Template
from worker.ports.shelf import Contents


class Change(Noun):
    """`added`, `changed` and `gone` are source ids; one with a # is a passage, one without a template. `renamed`: (id
    before, id now) of those that say what they said, word for word; they are neither added nor gone.

    `readable`: by label how many sources carry it, before and after. `lacks`: "templates", "passages", those that there
    would be none of. `widened`: ids of those that somebody could read who could not before.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    readable: dict[str, tuple[int, int]] = Field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()

    @property
    def emptied(self) -> list[tuple[str, int]]:
        """ "templates" or "passages" of which there were some and are none, and how many there were."""
        gone = {"passages": sum(map(is_passage, self.gone))}
        gone["templates"] = len(self.gone) - gone["passages"]
        return [(what, gone[what]) for what in self.lacks if gone[what]]

    @property
    def shrinking(self) -> dict[str, tuple[int, int]]:
        return {label: counts for label, counts in self.readable.items() if counts[1] < counts[0]}


def compared(sources: Mapping[str, Source], had: Contents, templates: Iterable[Template] = ()) -> Change:
    """`sources`, by id, against what the live collection holds. `templates`: theirs, to tell which were renamed."""
    changed = tuple(sorted(s for s in sources if s in had.versions and had.versions[s] != sources[s].version))
    renamed = _renamed(sources, had, templates)
    added = tuple(sorted(sources.keys() - had.versions.keys() - set(renamed.values())))
    before, after = _counted(had.labels.values()), _counted(source.segments for source in sources.values())
    return Change(
        added=added,
        changed=changed,
        gone=tuple(sorted(had.versions.keys() - sources.keys() - renamed.keys())),
        renamed=tuple(sorted(renamed.items())),
        unchanged=len(sources) - len(added) - len(changed) - len(renamed),
        lacks=tuple(
            what for what, mine in (("templates", False), ("passages", True)) if mine not in map(is_passage, sources)
        ),
        widened=tuple(sorted(s for s in sources if _wider(sources[s].segments, had.labels.get(s)))),
        readable={label: (before.get(label, 0), after.get(label, 0)) for label in sorted({*before, *after})},
    )


def _renamed(sources: Mapping[str, Source], had: Contents, templates: Iterable[Template]) -> dict[str, str]:
    """The id now by the id before. A passage's version does not know its id; a template's does."""
    new, gone = sorted(sources.keys() - had.versions.keys()), sorted(had.versions.keys() - sources.keys())
    of_passages: dict[str, list[str]] = {}
    for one in filter(is_passage, new):
        of_passages.setdefault(sources[one].version, []).append(one)
    of_templates = [template for template in templates if template.template_id in new]
    renamed: dict[str, str] = {}
    taken: set[str] = set()
    for one in gone:
        version = had.versions[one]
        if is_passage(one):
            same = of_passages.get(version, [])
        else:
            same = [template.template_id for template in of_templates if version_of(template, called=one) == version]
        if left := [name for name in same if name not in taken]:
            renamed[one] = left[0]
            taken.add(left[0])
    return renamed


def _wider(labels: tuple[str, ...], before: tuple[str, ...] | None) -> bool:
    """Whoever reads anything reads what is public: nothing opens beyond that."""
    return before is not None and PUBLIC not in before and not set(labels) <= set(before)


def is_passage(source_id: str) -> bool:
    return "#" in source_id


def _counted(labels: Iterable[Iterable[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for carried in labels:
        for label in carried:
            counts[label] = counts.get(label, 0) + 1
    return counts
