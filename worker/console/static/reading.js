// A sentence of the letter and its sources: point at it, or walk from one to the next.
"use strict";

(() => {
  const { all, one } = Desk;

  const letter = one(".draft > [data-letter]");
  const support = one("[data-support]");
  let pinned = "";
  const point = (number) => {
    all(".pointed, .lit").forEach((element) => element.classList.remove("pointed", "lit"));
    support.hidden = !number;
    if (!number) return;
    all(`.said[data-s="${number}"]`, letter).forEach((piece) => piece.classList.add("pointed"));
    all(`[data-lit~="${number}"]`).forEach((words) => words.classList.add("lit"));
    const rests = document.getElementById(`rests-${number}`);
    for (const source of rests.dataset.sources.split(" ").filter(Boolean)) {
      document.getElementById(`source-${source}`).classList.add("lit");
    }
    support.replaceChildren(...[...rests.children].map((child) => child.cloneNode(true)));
  };
  const firstPieces = letter ? all(".said[tabindex]", letter) : [];
  const walk = (step) => {
    const at = firstPieces.indexOf(document.activeElement);
    const next = firstPieces[Math.min(firstPieces.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    if (!next) return;
    firstPieces.forEach((piece) => (piece.tabIndex = piece === next ? 0 : -1));
    next.focus();
  };
  if (letter) {
    const numberAt = (event) => event.target.closest(".said")?.dataset.s ?? "";
    letter.addEventListener("mouseover", (event) => point(numberAt(event) || pinned));
    letter.addEventListener("mouseleave", () => point(pinned));
    letter.addEventListener("click", (event) => {
      pinned = numberAt(event) === pinned ? "" : numberAt(event);
      point(pinned);
    });
    letter.addEventListener("focusin", (event) => {
      if (event.target.matches(":focus-visible")) point((pinned = numberAt(event))); // a click is seen to above
    });
    letter.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      walk(step);
    });
  }

  Desk.reading = { walk, close: () => support && point((pinned = "")) };
})();
