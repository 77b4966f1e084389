// The words of an incident's holding reply: kept by this tab until they are sent, as what is typed on a case is. Where the
// brake was let go meanwhile, editing.js shows them to be copied from.
"use strict";

(() => {
  const { one, unsaved, shelfOf } = Desk;

  const form = one("form[data-holding]");
  if (!form) return;
  const text = one("textarea", form);
  const note = one("[data-kept]", form);
  const shelf = shelfOf(form.dataset.holding, "text");
  const keep = () => sessionStorage.setItem(shelf, JSON.stringify([text.value, ""]));
  const drop = () => sessionStorage.removeItem(shelf);

  const [words] = JSON.parse(sessionStorage.getItem(shelf) ?? "[null]");
  if (unsaved(text)) keep(); // given back with a preview or a refusal: stored nowhere else
  else if (words === null || words.trim() === text.dataset.saved.trim()) drop();
  else {
    text.value = words;
    note.hidden = false;
  }
  text.addEventListener("input", keep);
  one("button", note).addEventListener("click", () => {
    text.value = text.dataset.saved;
    note.hidden = true;
    drop();
    text.focus();
  });
})();
