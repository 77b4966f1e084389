// Editing a draft: a preview by the server, and words that outlive a reload.
"use strict";

(() => {
  const { one, ask, state } = Desk;

  const draft = one("[data-draft]");
  const editor = one("form[data-edit]");
  const text = editor && one("textarea", editor);
  const keep = draft && `words ${draft.dataset.watch}`;
  const dirty = () => Boolean(text) && text.value.trim() !== text.dataset.saved.trim();
  let asked = 0;

  const showPreview = async () => {
    const mine = ++asked;
    const page = one("[data-preview-page]", editor);
    const approve = one("[data-approve-edit]", editor);
    editor.elements.shown.value = "";
    approve.disabled = true;
    approve.hidden = !dirty() || state.over;
    draft.classList.toggle("editing", dirty());
    one("[data-typing]", editor).hidden = approve.hidden;
    if (!dirty()) return void (page.hidden = true);
    const { csrf, sieve } = editor.elements;
    const made = await ask(editor.dataset.preview, { csrf: csrf.value, sieve: sieve.value, text: text.value });
    if (mine !== asked || !made || !made.page) return;
    page.innerHTML = made.page; // made by our own templates; what was typed is escaped there
    page.hidden = false;
    editor.elements.shown.value = made.hash;
    approve.disabled = false;
  };
  if (editor) {
    let timer = 0;
    text.addEventListener("input", () => {
      sessionStorage.setItem(keep, text.value);
      clearTimeout(timer);
      timer = setTimeout(showPreview, 300);
      editor.elements.shown.value = "";
      one("[data-approve-edit]", editor).disabled = true;
    });
    const words = sessionStorage.getItem(keep);
    const offer = one("[data-kept]", editor);
    if (words !== null && words.trim() === text.value.trim()) sessionStorage.removeItem(keep);
    else if (words !== null) {
      offer.hidden = false;
      editor.closest("details").open = true;
    }
    const settle = (value) => {
      offer.hidden = true;
      sessionStorage.removeItem(keep);
      if (value !== null) text.value = value;
      text.focus();
      showPreview();
    };
    one("[data-kept-take]", editor).addEventListener("click", () => settle(words));
    one("[data-kept-drop]", editor).addEventListener("click", () => settle(null));
    if (dirty()) showPreview();
    // What is sent must be what was read: with unsaved words on the page, the stored draft is not that.
    one("[data-approve]")?.addEventListener("submit", (event) => {
      if (!dirty()) return;
      event.preventDefault();
      editor.closest("details").open = true;
      text.focus();
    });
    one("[data-redraft]")?.addEventListener("submit", (event) => {
      event.target.elements.text.value = dirty() ? text.value : "";
      sessionStorage.removeItem(keep);
    });
  }

  Desk.showPreview = showPreview;
})();
