"""A short mail in another language is told from English, also where it has no more than a question's words."""

from __future__ import annotations

import pytest

from tests.support.guard.test_guards import SAID, a_candidate
from worker.support.guard import GUARDS


@pytest.mark.parametrize(
    "mail",
    [
        "Guten Abend, wann bekomme ich mein Geld?",
        "Welche Unterlagen werden für das Konto gebraucht?",
        "Combien de temps dure un retrait ?",
        "Merci de fermer mon compte.",
        "¿Dónde está mi dinero?",
        "Quiero cambiar mi número de teléfono.",
        "Vorrei chiudere il mio conto.",
        "Quanto costa uscire prima?",
        "Hoe lang duurt het voor het geld er is?",
        "Ik wil mijn adres wijzigen.",
        "Quanto custa e como fecho a minha conta?",
        "Dzień dobry, czy mogę zamknąć konto?",
        "Hur lång tid tar ett uttag och vad kostar det?",
        "IM ka paisa kab aayega?",
    ],
)
def test_a_mail_in_another_language_is_left_to_a_person(mail: str) -> None:
    [finding] = GUARDS["language"](a_candidate(SAID, message=mail))
    assert "not seem to be in English" in finding.what


@pytest.mark.parametrize(
    "mail",
    [
        "withdrawal fee IM",
        "Min. deposit for IM?",
        "My name is Maria de la Cruz, how do I change my bank?",
        "Is there a du-plan? I hold IM.",
        "Att: support. When is interest credited?",
        "Merci for your help! When does the money come?",
        "Details per mail, please: what is the exit fee?",
    ],
)
def test_an_english_mail_with_a_foreign_word_in_it_is_english(mail: str) -> None:
    assert list(GUARDS["language"](a_candidate(SAID, message=mail))) == []
