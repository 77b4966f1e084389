"""Which topic a case belongs to: its template, or, where none fits, what it asks; always within one segment. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from worker.models import Brake, Draft, Reader, Sighting, Topic
from worker.support.earning.features import kind_of
from worker.support.likeness import ALIKE, grouped, likeness, telling

MOST_QUESTIONS = (
    500  # of the last two hours that are put into groups: more without any template is a desk's own trouble
)


def belongs(one: Sighting, topic: Topic) -> bool:
    if one.segment != topic.segment or one.template_id != topic.template_id:
        return False
    return bool(topic.template_id) or alike(one.questions, topic.question)


def alike(questions: Iterable[str], question: str) -> bool:
    typical = telling(question)
    return any(likeness(telling(one), typical) >= ALIKE for one in questions)


def of_topic(sightings: Iterable[Sighting], topic: Topic) -> list[Sighting]:
    return [one for one in sightings if belongs(one, topic)]


def topics(sightings: Sequence[Sighting], known: Sequence[Brake]) -> dict[Topic, list[Sighting]]:
    """Every topic of these cases. Questions that nothing fits join an incident that is on before they make a group."""
    found: dict[Topic, list[Sighting]] = {brake.topic: of_topic(sightings, brake.topic) for brake in known}
    taken = {one.case_id for ones in found.values() for one in ones}
    unfit: defaultdict[str, list[tuple[str, Sighting]]] = defaultdict(list)
    for one in (one for one in sightings if one.case_id not in taken):
        if one.template_id:
            found.setdefault(Topic(template_id=one.template_id, segment=one.segment), []).append(one)
        else:
            unfit[one.segment] += [(question, one) for question in one.questions]
    for segment, asked in unfit.items():
        newest = sorted(asked, key=lambda said: said[1].at)[-MOST_QUESTIONS:]
        for group in grouped([question for question, _ in newest]):
            cases = {newest[place][1].case_id: newest[place][1] for place in group}
            found[Topic(segment=segment, question=newest[group[0]][0])] = list(cases.values())
    return found


def against(draft: Draft, reader: Reader, on: Sequence[Brake]) -> list[str]:
    """Why this draft must not leave alone: for each brake on a topic that it speaks of. Nothing that a customer wrote
    is in it."""
    if not on:
        return []
    segment = kind_of(draft, reader).segment
    cited = {source for part in draft.parts for s in part.sentences for source in s.sources} | {draft.template_id}
    questions = [part.question for part in draft.parts]
    return [
        f"Many customers write about this at once: automatic sending is paused (incident {brake.brake_id})."
        for brake in on
        if brake.topic.segment == segment
        and (
            brake.topic.template_id in cited
            if brake.topic.template_id
            else not draft.template_id and alike(questions, brake.topic.question)
        )
    ]
