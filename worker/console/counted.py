"""Everything on the page of numbers, counted once, and as the tables that can be downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from worker.console.period import Period
from worker.console.sheets import Sheet, percent
from worker.console.words import FOLDERS
from worker.models import Status
from worker.ports import Figures
from worker.ports.figures import Fired, Kept, Learnt, Middle, Moved, Unanswered
from worker.support.likeness import grouped

FLOW = (Status.SENT, Status.HELD, Status.HANDED_OVER, Status.IGNORED)  # each named as its folder; a field of Moved
MOST_QUESTIONS = 2_000  # grouping takes longer with every one
MOST_LESSONS = 20_000


@dataclass(frozen=True)
class Group:
    """Questions that ask for much the same: the most typical one, the other wordings, and all of them."""

    title: str
    others: tuple[str, ...]
    asked: tuple[Unanswered, ...]

    @property
    def tickets(self) -> dict[int, str]:
        """Ticket number to a case of it, newest first."""
        found: dict[int, str] = {}
        for one in self.asked:
            found.setdefault(one.ticket_id, one.case_id)
        return found


@dataclass(frozen=True)
class Counted:
    """`figures` is asked once more only for the lessons, which nothing but their download needs."""

    figures: Figures
    period: Period
    moved: list[Moved]
    first_by_day: list[Middle]
    review_by_day: list[Middle]
    first: Middle
    first_alone: Middle
    first_reviewed: Middle
    review: Middle
    kept: list[Kept]
    fired: list[Fired]
    questions: list[Unanswered]
    questions_cut: bool

    @cached_property
    def groups(self) -> list[Group]:
        places = grouped([one.question for one in self.questions])
        groups = [_group([self.questions[n] for n in group]) for group in places]
        return sorted(groups, key=lambda group: -len(group.tickets))

    def sheets(self) -> dict[str, Sheet]:
        made = (self._days(), self._times(), self._templates(), self._findings(), self._questions())
        return {sheet.name: sheet for sheet in made}

    def lessons(self) -> Sheet:
        learnt = self.figures.learnt(self.period.whole, MOST_LESSONS)
        return Sheet("lessons", LESSON, tuple(_lesson(one) for one in learnt))

    def _days(self) -> Sheet:
        rows = [
            (day, *(getattr(one, status.value) for status in FLOW))
            for day, one in zip(self.period.days, self.moved, strict=True)
        ]
        return Sheet("days", ("Day", *(FOLDERS[one] for one in FLOW)), tuple(rows))

    def _times(self) -> Sheet:
        names = ("Day", "First replies", "Seconds to the first reply, median", "Timed reviews", "Seconds, median")
        days = zip(self.period.days, self.first_by_day, self.review_by_day, strict=True)
        return Sheet("times", names, tuple((day, f.n, f.seconds, r.n, r.seconds) for day, f, r in days))

    def _templates(self) -> Sheet:
        ways = ("Untouched", "Lightly edited", "Rewritten", "Rejected")
        shares = tuple(f"{way}, %" for way in ways)
        names = ("Template", "Decided", *ways, *shares, "After a redraft", "Taken over", "Sent without a lead")
        return Sheet("templates", names, tuple(_kept(one) for one in self.kept))

    def _findings(self) -> Sheet:
        names = ("Check", "Drafts with a finding", "Overruled", "Mended by an edit", "Draft rejected", "Overruled, %")
        rows = [
            (one.guard, one.fired, one.overruled, one.mended, one.rejected, percent(one.overruled, one.fired))
            for one in self.fired
        ]
        return Sheet("findings", names, tuple(rows))

    def _questions(self) -> Sheet:
        rows = [
            (number, group.title, one.question, one.ticket_id, one.case_id, one.at)
            for number, group in enumerate(self.groups, 1)
            for one in group.asked
        ]
        return Sheet("questions", ("Group", "Group's question", "Question", "Ticket", "Case", "At"), tuple(rows))


LESSON = (
    *("At", "Ticket", "Case", "Draft", "Compared with", "Template", "Decision", "Class", "Share changed"),
    *("Machine drafts", "Seconds", "Reason", "Findings", "Findings overruled", "Difference"),
)
MARKS = {"same": "{}", "out": "[-{}-]", "in": "{{+{}+}}"}  # as wdiff writes it


def count(figures: Figures, period: Period) -> Counted:
    """All of it. Raises what the ledger raises."""
    whole = period.whole
    questions = list(figures.unanswered(whole, MOST_QUESTIONS + 1))
    return Counted(
        figures=figures,
        period=period,
        moved=list(figures.moved(period.spans)),
        first_by_day=list(figures.first_replies(period.spans)),
        review_by_day=list(figures.reviews(period.spans)),
        first=figures.first_replies([whole])[0],
        first_alone=figures.first_replies([whole], reviewed=False)[0],
        first_reviewed=figures.first_replies([whole], reviewed=True)[0],
        review=figures.reviews([whole])[0],
        kept=sorted(figures.kept(whole), key=lambda one: (-one.decided, -one.unreviewed, one.template_id)),
        fired=sorted(figures.fired(whole), key=lambda one: (-one.fired, one.guard)),
        questions=questions[:MOST_QUESTIONS],
        questions_cut=len(questions) > MOST_QUESTIONS,
    )


def _group(asked: list[Unanswered]) -> Group:
    wordings = list(dict.fromkeys(one.question for one in asked))
    newest_first = sorted(asked, key=lambda one: (one.at, one.case_id), reverse=True)
    return Group(wordings[0], tuple(wordings[1:]), tuple(newest_first))


def _kept(one: Kept) -> tuple[str | int | float | None, ...]:
    counts = (one.untouched, one.light, one.rewritten, one.rejected)
    shares = tuple(percent(n, one.decided) for n in counts)
    return (one.template_id, one.decided, *counts, *shares, one.redrafted, one.taken_over, one.unreviewed)


def _lesson(one: Learnt) -> tuple[str | int | float | None, ...]:
    difference = " ".join(MARKS[change.kind].format(change.words) for change in one.difference)
    return (
        *(one.at.isoformat(), one.ticket_id, one.case_id, one.draft_id, one.machine_id, one.template_id, one.decision),
        *(one.treatment.value, round(one.share, 4), one.round, one.seconds, one.reason),
        *(" ".join(one.found), " ".join(one.standing), difference),
    )
