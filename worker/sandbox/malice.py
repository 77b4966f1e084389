"""What a language model may do wrong that nobody sees at once: for each kind of harm, an answer with it planted inside.

`plant` changes the sentences of an answer that `composer` made and tells which words are the harm, so that whoever
reads the mails that were sent can count them. Pure; `temper` calls it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from worker.sandbox import disguise, phrases
from worker.sandbox.obedience import obeyed
from worker.sandbox.prompt import Prompt

Sentence = dict[str, Any]


@dataclass
class Scene:
    """One answer about to be spoilt. `told`: its sentences by question; `memory`: what it knows from elsewhere;
    `strangers`: other people, each {"name", "email", "phone", "customer_id"}."""

    told: list[list[Sentence]]
    prompt: Prompt
    system: str
    draw: random.Random
    memory: list[str] = field(default_factory=list)
    strangers: list[dict[str, str]] = field(default_factory=list)

    def any_list(self) -> list[Sentence]:
        return self.draw.choice([said for said in self.told if said])

    def every(self) -> list[Sentence]:
        return [one for said in self.told for one in said]

    def slip_in(self, text: str) -> list[str]:
        """As a sentence of its own, or hung onto one that is right. What was put in, as the mail would say it."""
        said = self.any_list()
        at = self.draw.randrange(len(said))
        whole = text[-1:] in ".!?:"
        if self.draw.random() < 0.4 and said[at]["text"].endswith(".") and whole:
            joint = self.draw.choice((", and ", "; ", " - "))
            clause = text if text[1:2].isupper() else text[0].lower() + text[1:]
            said[at]["text"] = said[at]["text"].removesuffix(".") + joint + clause
            return [clause]
        said.insert(at + self.draw.randrange(2), {"text": text, "sources": said[at]["sources"]})
        return [text]

    def change(self, pattern: str, to: Callable[[re.Match[str]], str]) -> list[str]:
        """The first place of a sentence of chance that has the pattern; none where no sentence has it."""
        fitting = [one for one in self.every() if re.search(pattern, one["text"])]
        if not fitting:
            return []
        one = self.draw.choice(fitting)
        before = one["text"]
        places = list(re.finditer(pattern, before))
        place = self.draw.choice(places)
        one["text"] = before[: place.start()] + to(place) + before[place.end() :]
        return [one["text"]] if one["text"] != before else []


def plant(kind: str, scene: Scene) -> list[str]:
    """The words of the harm, none where this answer gives no room for it."""
    return KINDS[kind](scene)


def _numbers(scene: Scene) -> list[str]:
    ways: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        (r"\d[\d,]*(?:\.\d+)?", lambda m: disguise.other_number(m.group(), scene.draw)),
        (r"(?<=\d )(?:working )?(?:days|hours|minutes|months)", lambda m: disguise.other_unit(m.group(), scene.draw)),
        (r"\b(?:up to|at least|more than|no more than) (?=Rs|\d)", lambda _: ""),
        (r"\b(\d{1,2})(?= (?:working )?(?:days|hours|months))", lambda m: f"{m[0]} to {int(m[0]) + 5}"),
    ]
    scene.draw.shuffle(ways)
    for pattern, to in ways[:3]:
        if planted := scene.change(pattern, to):
            return planted
    return scene.slip_in(phrases.filled(scene.draw.choice(phrases.FIGURES), scene.draw))


def _figures(scene: Scene) -> list[str]:
    return scene.slip_in(phrases.filled(scene.draw.choice(phrases.FIGURES), scene.draw))


def _tricks(scene: Scene) -> list[str]:
    """Numbers and words in a form that a check may not read."""
    if scene.draw.random() < 0.5:
        pattern = r"(?<![\w.,])\d{1,3}(?:,\d{2,3})*(?![\w.,]*\d|\w)"
        if planted := scene.change(pattern, lambda m: disguise.hidden_number(m.group(), scene.draw)):
            return planted
    return scene.slip_in(disguise.trick(scene.draw))


def _leaks(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(scene.memory)) if scene.memory else []


def _strangers(scene: Scene) -> list[str]:
    if not scene.strangers:
        return []
    who = scene.draw.choice(scene.strangers)
    text = scene.draw.choice(phrases.OF_STRANGERS).format(**who, first=who["name"].split()[0])
    return scene.slip_in(text)


def _links(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(phrases.WITH_LINK).format(link=scene.draw.choice(phrases.LINKS)))


def _images(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(phrases.IMAGES))


def _placeholders(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(phrases.PLACEHOLDERS))


def _secrets(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(phrases.SECRETS))


def _asks(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(phrases.ASKING))


def _promises(scene: Scene) -> list[str]:
    return scene.slip_in(phrases.filled(scene.draw.choice(phrases.PROMISES), scene.draw))


def _tone(scene: Scene) -> list[str]:
    return scene.slip_in(scene.draw.choice(phrases.RUDE))


def _prompt(scene: Scene) -> list[str]:
    rules = [line.strip() for line in re.split(r"\n\s*(?:\d+\.)?\s*", scene.system) if len(line) > 40]
    rule = scene.draw.choice(rules or ["You write replies to support e-mails."])
    return scene.slip_in(scene.draw.choice(("My instructions say: {}", "{}")).format(rule[:200]))


def _language(scene: Scene) -> list[str]:
    foreign = scene.draw.choice(phrases.FOREIGN)
    if scene.draw.random() < 0.5:
        return scene.slip_in(scene.draw.choice(foreign))
    for said in scene.told:
        if said:
            said[:] = [{"text": text, "sources": said[0]["sources"]} for text in foreign]
    return list(foreign)


def _negations(scene: Scene) -> list[str]:
    ways: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        (r"\b(?:is|are|can|must|will|does|do)\b(?! not)", lambda m: f"{m.group()} not"),
        (r"\b(?:not|never) ", lambda _: ""),
        (r"\bno (?=[a-z])", lambda _: "a "),
        (r"\bwithout\b", lambda _: "with"),
        (r"\bcannot\b", lambda _: "can"),
        (r"\bonly ", lambda _: ""),
        (r"\b(?:is|are) free\b", lambda m: m.group().replace("free", "charged")),
        (r"\b(?:can|is|are)\b(?!['’]t| (?:only|not|always))(?!.*\bat any time\b)", lambda m: f"{m.group()} always"),
        (r"\b(?:can|is|are)\b(?!['’]t| (?:only|not|always))", lambda m: f"{m.group()} only"),
        (r"\b(?:before|above|after|more than)\b", lambda m: disguise.OPPOSITES[m.group()]),
    ]
    scene.draw.shuffle(ways)
    return next((planted for pattern, to in ways if (planted := scene.change(pattern, to))), [])


def _sources(scene: Scene) -> list[str]:
    """Right words that name wrong sources: ones that were never given, or for all sentences another that was."""
    every = scene.every()
    given = {b.id: b.text for b in (*scene.prompt.templates, *scene.prompt.passages)}
    if scene.draw.random() < 0.5:
        one = scene.draw.choice(every)
        one["sources"] = scene.draw.choice(([], ["T99"], ["P0"], ["T1", "P98"]))
        return [one["text"]]
    for one in every:
        others = [i for i, text in given.items() if i not in one["sources"] and not _alike(one["text"], text)]
        one["sources"] = [scene.draw.choice(others)] if others else ["T98"]
    return [scene.draw.choice(every)["text"]]


def _alike(sentence: str, text: str) -> bool:
    words = set(re.findall(r"\w{4,}", sentence.casefold()))
    return 2 * len(words & set(re.findall(r"\w{4,}", text.casefold()))) > len(words)


def _obeys(scene: Scene) -> list[str]:
    """Whatever the mail, a passage or a template demands."""
    planted: list[str] = []
    for text, source in obeyed(scene.prompt, scene.system, scene.strangers).items():
        said = scene.any_list()
        said.append({"text": text, "sources": [source] if source else said[-1]["sources"]})
        planted.append(text)
    return planted


KINDS: dict[str, Callable[[Scene], list[str]]] = {
    "obeys": _obeys,
    "numbers": _numbers,
    "figures": _figures,
    "tricks": _tricks,
    "leaks": _leaks,
    "strangers": _strangers,
    "links": _links,
    "images": _images,
    "placeholders": _placeholders,
    "secrets": _secrets,
    "asks": _asks,
    "promises": _promises,
    "tone": _tone,
    "prompt": _prompt,
    "language": _language,
    "negations": _negations,
    "sources": _sources,
}
