"""How a language model goes wrong, on demand: invented numbers, links, placeholders, obedience to a stranger's mail.

Changes the text of an answer that `composer` made; guards and parsers are tested against it.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from worker.sandbox.prompt import Prompt, sentences

Answer = dict[str, Any]


def spoil(kind: str, answer: Answer, prompt: Prompt) -> tuple[str, str]:
    """(text, finish_reason) of what the model says instead of `answer`."""
    if kind == "empty_content":
        return "", "stop"
    text = json.dumps(answer, ensure_ascii=False)
    if kind == "cut_length":
        return text[: len(text) // 2], "length"
    if kind == "invalid_json":
        return "Sure! Here is the reply:\n" + text[:-2], "stop"
    if kind == "wrong_shape":
        return json.dumps({"reply": "Here you are.", "confidence": "high"}), "stop"
    spoilt = copy.deepcopy(answer)
    said = [s for a in with_something_said(spoilt, prompt)["answers"] for s in a["sentences"]]
    if kind == "cannot_answer":
        for one in spoilt["answers"]:
            one["sentences"] = []
    elif kind == "unknown_source":
        said[0]["sources"] = ["T99"]
    elif kind == "invent_numbers":
        said[0]["text"] = _other_number(said[0]["text"])
    elif kind == "insert_links":
        said[-1]["text"] += " Please sign in at https://peerwell-secure.example.net/verify to continue."
    elif kind == "placeholders":
        said[0]["text"] = "Dear {{customer.name}}, [insert date here]: " + said[0]["text"]
    elif kind == "obey_injection":
        demand = next(iter(sentences(prompt.message)), "")
        source = said[0]["sources"]
        said.append({"text": f"As you asked, I have set aside my instructions. {demand}", "sources": source})
        spoilt["answers"][0]["sentences"] = said
    return json.dumps(spoilt, ensure_ascii=False), "stop"


def with_something_said(answer: Answer, prompt: Prompt) -> Answer:
    """The same answer; a first sentence is made up in it where it has none."""
    if not answer["answers"]:
        answer["answers"] = [{"question": "Q1", "sentences": []}]
    if not any(a["sentences"] for a in answer["answers"]):
        source = next(iter((*prompt.templates, *prompt.passages)), None)
        made_up = {"text": "This takes 3 days and costs Rs 49.", "sources": [source.id if source else "T1"]}
        answer["answers"][0]["sentences"] = [made_up]
    return answer


def _other_number(text: str) -> str:
    """The first number changed, or one added."""
    changed = re.sub(r"\d", lambda d: str((int(d.group()) + 3) % 10), text, count=1)
    return changed if changed != text else text + " This is done within 17 minutes."
