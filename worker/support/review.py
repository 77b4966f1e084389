"""What a support lead decides about a held draft: approve, edit, reject, ask for another one.

Nothing is sent here: an approval commits exactly the stored body as an outgoing reply, and `deliver` takes it from
there. Every outcome is a value, since two leads at one draft is daily business. Called by the console only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from worker.errors import Trouble
from worker.intake.mailtext.plain import visible
from worker.models import Case, Draft, Finding, Lesson, Part, Sentence, Status
from worker.ports import MAY_BE_THERE
from worker.support.bodies import body_hash as hash_of
from worker.support.facts import PLACEHOLDER
from worker.support.fresh import changed_sources, fingerprint, overtaken, titles, wants_another, why_not
from worker.support.happened import may_be_there
from worker.support.happened import what_happened as what_happened
from worker.support.lessons import by_person as by_person
from worker.support.lessons import lesson
from worker.support.outgoing import rejected_note, reply_outgoing
from worker.support.overtaken import Overtaken
from worker.support.render import Letter, clean_html, render_text
from worker.support.reviewdesk import Current, Outcome, ReviewDesk
from worker.support.sentences import sentences

log = structlog.get_logger(__name__)

LONGEST = 10_000  # characters of an edited reply, four pages: longer ones are pasted by mistake


def current(desk: ReviewDesk, case_id: str) -> Current | None:
    """None where the case is unknown or has no draft or no thread (it ended before one was written)."""
    case = desk.ledger.cases.get(case_id)
    drafts = desk.ledger.cases.drafts(case_id) if case else ()
    thread = desk.ledger.cases.thread(case_id) if case else None
    if case is None or thread is None or not drafts:
        return None
    draft_id, draft, trace = drafts[-1]
    return Current(case, draft_id, draft, trace, thread, desk.letter_for(thread, trace.identity))


def approve(desk: ReviewDesk, case_id: str, draft_id: str, body_hash: str, user: str, despite: str = "") -> Outcome:
    """Queues the stored body, if it is the one that was shown and the ticket still waits for it. `despite`: the
    fingerprint of changed sources that the lead was shown and approves in spite of."""
    now = current(desk, case_id)
    if now is None or not _shown(now, draft_id, body_hash):
        return Outcome(False, what_happened(desk.ledger, case_id))
    if fault := unsendable(now.draft, now.letter) or _shadow(desk):
        return Outcome(False, fault)
    if reason := overtaken(desk, now.case):
        if wants_another(reason):
            return Outcome(False, why_not(reason))
        return Outcome(False, _supersede(desk, now.case, reason, user).words)
    changed = changed_sources(desk, now.draft)
    if changed and fingerprint(changed) != despite:
        return Outcome(False, f"Not sent: {titles(changed)} changed since this draft was written.")
    outgoing = reply_outgoing(now.draft, desk.policy, desk.tags)
    wait, taught = desk.policy.undo, _learnt(desk, now)
    send_id = desk.ledger.reviews.approve(case_id, draft_id, body_hash, outgoing, user, wait=wait, lesson=taught)
    if send_id is None:
        return Outcome(False, what_happened(desk.ledger, case_id))
    if not wait:  # a hint now would find it not due; the dispatcher finds it when it is
        desk.enqueue("deliver", send_id)
    approval = [move for move in desk.ledger.cases.moves(case_id) if move["to_status"] == Status.APPROVED][-1:]
    return Outcome(True, words=" ".join(why for move in approval for why in move["reasons"]), made=send_id)


def undo(desk: ReviewDesk, case_id: str, user: str) -> Outcome:
    """Takes an approval back while its reply has not begun to leave."""
    if desk.ledger.reviews.undo(case_id, user):
        return Outcome(True)
    doubt = MAY_BE_THERE if may_be_there(desk.ledger, case_id) else ""
    return Outcome(False, f"Too late: {what_happened(desk.ledger, case_id)}{doubt}")


def put_away(desk: ReviewDesk, case_id: str, user: str) -> Outcome:
    """Ends a held draft whose time has passed, as the ticket itself says."""
    case = desk.ledger.cases.get(case_id)
    if case is None or case.status is not Status.HELD:
        return Outcome(False, what_happened(desk.ledger, case_id))
    reason = overtaken(desk, case)
    if not reason:
        return Outcome(False, "Nothing has happened on the ticket: this draft can still be sent.")
    if wants_another(reason):
        return Outcome(False, why_not(reason))
    done = _supersede(desk, case, reason, user)
    return Outcome(True) if done.done else done


def edit(desk: ReviewDesk, case_id: str, draft_id: str, text: str, user: str) -> Outcome:
    """Stores what the lead typed as the newest draft, in the same letter. It still has to be approved."""
    now = current(desk, case_id)
    if now is None or now.draft_id != draft_id or now.case.status is not Status.HELD:
        return Outcome(False, what_happened(desk.ledger, case_id))
    if not visible(text).strip():
        return Outcome(False, "A reply without words cannot be saved. To send nothing, reject the draft.")
    if too_long := longer_than_a_reply(text):
        return Outcome(False, too_long)
    edited = _edited(desk, now, text, user)
    made = desk.ledger.reviews.edit(case_id, draft_id, edited, user, lesson=_learnt(desk, now, edited))
    return Outcome(True, made=made) if made else Outcome(False, what_happened(desk.ledger, case_id))


def edit_and_approve(
    desk: ReviewDesk, case_id: str, draft_id: str, text: str, shown: str, user: str, despite: str = ""
) -> Outcome:
    """Saves, and approves what was saved if its hash is that of the preview which the lead has read."""
    saved = edit(desk, case_id, draft_id, text, user)
    if not saved.done:
        return saved
    now = current(desk, case_id)
    if now is None or now.draft.body_hash != shown:
        return Outcome(False, "Saved, but not sent: the preview was not up to date. Please read it once more.")
    return approve(desk, case_id, saved.made, shown, user, despite)


def preview(desk: ReviewDesk, case_id: str, text: str, user: str) -> Current | None:
    """What saving this text would make of the draft; None where it could not be saved. Nothing is stored."""
    if not visible(text).strip() or longer_than_a_reply(text):
        return None
    now = current(desk, case_id)
    return replace(now, draft=_edited(desk, now, text, user)) if now else None


def longer_than_a_reply(text: str) -> str:
    """Why so long a text cannot be saved; "" if it can. A line break counts once, as it does in the browser."""
    length = len(text.replace("\r\n", "\n"))
    if length <= LONGEST:
        return ""
    return f"Not saved: a reply has at most {LONGEST:,} characters, and this one has {length:,}. Please shorten it."


def reject(desk: ReviewDesk, case_id: str, draft_id: str, reason: str, user: str) -> Outcome:
    """Ends the case without a reply from us; the reason is kept with it, and a note on the ticket gives it to whoever
    answers by hand. The dispatcher finds the note within a second, so no hint is given. With words where an earlier
    approval of it may have reached the customer."""
    reason = visible(reason).strip()
    if not reason:
        return Outcome(False, "Please give a reason: whoever answers the ticket by hand will read it.")
    doubt = MAY_BE_THERE if may_be_there(desk.ledger, case_id) else ""
    note = None if desk.policy.shadow else rejected_note(f"{reason}{doubt}", user, desk.tags)
    now = current(desk, case_id)
    taught = _learnt(desk, now, rejected=True) if now else None
    if desk.ledger.reviews.reject(case_id, draft_id, reason, user, note, lesson=taught):
        return Outcome(True, doubt.strip())
    return Outcome(False, what_happened(desk.ledger, case_id))


def redraft(desk: ReviewDesk, case_id: str, hint: str, user: str, *, draft_id: str = "", unsaved: str = "") -> Outcome:
    """Rings for another draft than `draft_id`. The hint goes to the writer as one line. Words that a lead had typed
    over it and not saved (`unsaved`) are stored first: they stand among the earlier drafts then."""
    if visible(unsaved).strip():
        saved = edit(desk, case_id, draft_id, unsaved, user)
        if not saved.done:
            return saved
        draft_id = saved.made
    doorbell_id = desk.ledger.reviews.redraft(case_id, " ".join(visible(hint).split()), user, draft_id=draft_id)
    if doorbell_id is None:
        return Outcome(False, what_happened(desk.ledger, case_id))
    desk.enqueue("draft", doorbell_id)
    return Outcome(True, made=doorbell_id)


def opened(desk: ReviewDesk, case_id: str, user: str) -> None:
    """Somebody who may decide looks at the case. Not knowing since when is no reason not to show it."""
    try:
        desk.ledger.reviews.opened(case_id, user)
    except Trouble as trouble:
        log.warning("opening_not_kept", case_id=case_id, reason=trouble.reason)


def unsendable(draft: Draft, letter: Letter) -> str:
    """What makes a draft impossible to approve as it is; "" for nothing. Edited and saved, it can be."""
    if not typed_text(draft, letter):
        return "There is nothing between the greeting and the sign-off yet. Edit the draft and write the reply."
    if left := sorted({m.group(0) for m in PLACEHOLDER.finditer(draft.body_text)}):
        return f"Not everything is filled in yet: {', '.join(left)}. Edit the draft and write what belongs there."
    # What the page shows has passed the allowlist. If that changed anything, something else would be sent than shown.
    shown = clean_html(draft.body_html, letter.link_hosts)
    if shown != draft.body_html or hash_of(shown) != draft.body_hash:
        return "The stored draft holds something that may not be sent. Edit and save it to have it written anew."
    return ""


def typed_text(draft: Draft, letter: Letter) -> str:
    """The draft's plain text without greeting and sign-off: what a lead edits."""
    text = draft.body_text.strip()
    if text.startswith(letter.greeting) and text.endswith(letter.sign_off):
        return text[len(letter.greeting) : len(text) - len(letter.sign_off)].strip()
    # The letter was changed since: greeting and sign-off are still the first and the last paragraph.
    return "\n\n".join(text.split("\n\n")[1:-1]).strip()


def _learnt(desk: ReviewDesk, now: Current, edited: Draft | None = None, *, rejected: bool = False) -> Lesson:
    drafts = [(draft_id, draft) for draft_id, draft, _ in desk.ledger.cases.drafts(now.case.case_id)]
    drafts += [("", edited)] if edited else []
    return lesson(drafts, lambda draft: typed_text(draft, now.letter), rejected=rejected)


def _edited(desk: ReviewDesk, now: Current, text: str, user: str) -> Draft:
    body_html, body_text = render_text(visible(text).replace("\r\n", "\n"), now.letter)
    old = now.draft
    parts = _parts(old.parts, typed_text(old.model_copy(update={"body_text": body_text}), now.letter))
    draft = Draft(
        parts=parts,
        body_html=body_html,
        body_text=body_text,
        body_hash=hash_of(body_html),
        template_id=old.template_id,
        sources=old.sources,
        written_by=user,
    )
    if desk.judge is not None:
        judged = desk.judge(draft, now.trace, now.thread)
        return draft.model_copy(update={"findings": judged.findings, "claims": judged.claims})
    places = {s.text: i for i, s in enumerate(s for part in parts for s in part.sentences)}
    before = [s.text for part in old.parts for s in part.sentences]
    return draft.model_copy(update={"findings": tuple(_overruled(f, before, places, user) for f in old.findings)})


def _parts(old: Sequence[Part], text: str) -> tuple[Part, ...]:
    """Sentences that were kept keep their sources and their question; new ones join the question before them."""
    known = {" ".join(s.text.split()): (i, s.sources) for i, part in enumerate(old) for s in part.sentences}
    filled: list[list[Sentence]] = [[] for _ in old] or [[]]
    at = 0
    for said in sentences(text):
        at, sources = known.get(" ".join(said.split()), (at, ()))
        filled[at].append(Sentence(text=said, sources=sources))
    questions = [part.question for part in old] or [""]
    return tuple(Part(question=q, sentences=tuple(s)) for q, s in zip(questions, filled, strict=True))


def _overruled(finding: Finding, before: Sequence[str], places: dict[str, int], user: str) -> Finding:
    """The same finding, pointing to where its sentence is now (nowhere, if it was rewritten)."""
    known = finding.sentence is not None and 0 <= finding.sentence < len(before)
    sentence = places.get(before[finding.sentence or 0]) if known else None
    mark = "Found before the edit"
    todo = (
        finding.todo if finding.todo.startswith(mark) else f"{mark} by {user}; approving overrules it. {finding.todo}"
    )
    return finding.model_copy(update={"sentence": sentence, "todo": todo.strip()})


def _shown(now: Current, draft_id: str, body_hash: str) -> bool:
    held = now.case.status is Status.HELD
    return held and now.draft_id == draft_id and now.draft.body_hash == body_hash


def _shadow(desk: ReviewDesk) -> str:
    return "This is shadow mode: nothing is written to Freshdesk, so nothing can be sent." if desk.policy.shadow else ""


def _supersede(desk: ReviewDesk, case: Case, reason: str, user: str) -> Outcome:
    """The draft's time has passed. A customer who wrote again gets a draft for that message; its doorbell is committed
    with the move, since a worker that came in between would see a draft still held and leave the message to it.
    Not done where a colleague decided while the ticket was read."""
    words, cases, case_id = f"Not sent: {reason}.", desk.ledger.cases, case.case_id
    if reason == Overtaken.WROTE_AGAIN:
        doorbell_id = cases.wrote_again(case_id, words, user)
        done = doorbell_id is not None
        if doorbell_id is not None:
            desk.enqueue("draft", doorbell_id)
    else:
        done = cases.advance(case_id, Status.HELD, Status.SUPERSEDED, None, reasons=[words], by=user)
    return Outcome(True, words) if done else Outcome(False, what_happened(desk.ledger, case_id))
