"""What there is to learn from a decision: the decided draft against the machine's, word by word, and its class.

Greeting and sign-off are made by code and stay aside; so do line breaks and formatting. Pure. Called by review.py,
which stores the lesson with the decision; the console's numbers count what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from worker.models import Change, Draft, Lesson, Treatment

LIGHT_UP_TO = 0.15  # share of words changed: about one word in seven. More than that is a rewrite
COMPARED = (
    3_000  # words of either text; what lies between the first and the last change of longer ones counts as changed
)


def lesson(drafts: Sequence[tuple[str, Draft]], words: Callable[[Draft], str], *, rejected: bool = False) -> Lesson:
    """What the newest of a case's `drafts` (draft_id, draft; oldest first) says of the machine's newest one.

    `words(draft)`: its text without greeting and sign-off. After a redraft, the redraft is what counts: a lead who asks
    for another draft and sends that one as it is has left it untouched (`round` is 2 then).
    """
    machine = [(draft_id, draft) for draft_id, draft in drafts if not by_person(draft)]
    machine_id, written = machine[-1] if machine else ("", drafts[0][1])
    decided = drafts[-1][1]
    difference = compare(words(written), words(decided))
    share = share_changed(difference)
    return Lesson(
        treatment=Treatment.REJECTED if rejected else treatment(share),
        share=share,
        difference=difference if share else (),
        machine_id=machine_id,
        round=max(1, len(machine)),
        found=_guards(written),
        standing=_guards(decided),
    )


def by_person(draft: Draft) -> bool:
    """Whether a lead wrote it: an edit calls no model, and is not the filled-in template."""
    return draft.usage.calls == 0 and draft.written_by not in ("", "template")


def treatment(share: float) -> Treatment:
    """No word changed: untouched. Up to LIGHT_UP_TO: light. More: rewritten."""
    if share == 0:
        return Treatment.UNTOUCHED
    return Treatment.LIGHT if share <= LIGHT_UP_TO else Treatment.REWRITTEN


def share_changed(difference: Sequence[Change]) -> float:
    """Words taken out, put in or exchanged (one for one), over the words of the longer text; 0 for two empty texts.

    The edit distance of the stored difference, so that what is shown and what is counted cannot disagree; at most 1,
    also where a word that stayed stands between what was put in before it and taken out behind it.
    """
    changed = out = put_in = same = 0
    for change in (*difference, Change(kind="same", words="")):
        n = len(change.words.split())
        if change.kind == "out":
            out += n
        elif change.kind == "in":
            put_in += n
        else:
            changed, same, out, put_in = changed + max(out, put_in), same + n, 0, 0
    return min(1.0, changed / max(_length(difference, "out") + same, _length(difference, "in") + same, 1))


def compare(before: str, after: str) -> tuple[Change, ...]:
    """The two texts as stretches of words; of each exchange, what went out comes first. Case and punctuation count."""
    old, new = before.split(), after.split()
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    pieces = [("same", old[:start]), *_inner(inner_old, inner_new), ("same", old[len(old) - end :])]
    return tuple(Change(kind=kind, words=" ".join(words)) for kind, words in pieces if words)


def _inner(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str]]]:
    if max(len(old), len(new)) > COMPARED:  # matching takes time by the square: a pasted book must not hold a lead up
        yield from (("out", old), ("in", new))
        return
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", old[i1:i2]
        else:
            yield from (("out", old[i1:i2]), ("in", new[j1:j2]))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words at the beginning are the same."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _length(difference: Sequence[Change], kind: str) -> int:
    return sum(len(change.words.split()) for change in difference if change.kind == kind)


def _guards(draft: Draft) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.guard for finding in draft.findings))
