// Editing a draft: a preview by the server, and words that outlive a reload, a refusal and a walk away.
"use strict";

(() => {
  const { all, one, ask, failed, untilReleased, enter, unsaved, shelfOf, state } = Desk;

  // ---- words that are not stored, kept by this tab until they are

  const sent = one(".done[data-fresh] [data-of]"); // what was typed there is on its way
  if (sent) sessionStorage.removeItem(shelfOf(sent.pathname, "text"));

  // Where there is no editor any more, they can be copied from.
  const left = one("[data-left]");
  if (left) {
    const NAMES = ["text", "hint", "reason"];
    const at = (name) => shelfOf(left.dataset.left, name);
    const field = one("textarea", left);
    const folded = (words) => words.split(/\s+/).join(" ").trim();
    const kept = (name) => sessionStorage.getItem(at(name)) ?? "";
    const [words] = JSON.parse(kept("text") || '[""]');
    const mine = folded(words) === folded(left.dataset.saved) ? "" : words;
    const whole = [mine, kept("hint"), kept("reason")].filter((part) => part.trim()).join("\n\n");
    if (field.value) sessionStorage.setItem(at("text"), JSON.stringify([field.value, ""])); // stored nowhere else
    else field.value = whole;
    left.hidden = !field.value;
    one("button", left).hidden = false;
    one("button", left).addEventListener("click", () => {
      NAMES.forEach((name) => sessionStorage.removeItem(at(name)));
      left.hidden = true;
    });
  }

  const draft = one("[data-draft]");
  if (!draft) return;
  const shelf = (name) => `words ${draft.dataset.watch} ${name}`;
  for (const field of all(".actions input[name=hint], .actions textarea[name=reason]")) {
    const words = sessionStorage.getItem(shelf(field.name));
    if (words && !field.value) {
      field.value = words;
      if (!one(".actions details[open]")) field.closest("details").open = true;
    } else if (field.value) sessionStorage.setItem(shelf(field.name), field.value); // given back by a refusal
    field.addEventListener("input", () => sessionStorage.setItem(shelf(field.name), field.value));
    field.form.addEventListener("submit", () => sessionStorage.removeItem(shelf(field.name)));
  }

  const editor = one("form[data-edit]");
  if (!editor) return;
  const text = one("textarea", editor);
  const panel = editor.closest("details");
  const behind = "behind" in panel.dataset;
  const page = one("[data-preview-page]", editor);
  const approve = one("[data-approve-edit]", editor);
  const stored = one("[data-approve]");
  const shown = editor.elements.shown;
  const dirty = () => unsaved(text);
  const under = behind ? "" : draft.dataset.draft; // the draft over which the words were typed
  const offer = one("[data-kept]", editor);
  const offered = () => !offer.hidden; // words of an earlier visit, which nothing may take the place of meanwhile
  const keep = () => offered() || sessionStorage.setItem(shelf("text"), JSON.stringify([text.value, under]));
  const drop = () => sessionStorage.removeItem(shelf("text"));

  let passing = false; // what is told is about the preview, and goes when that is there; all else stays until she types
  const tell = (words, ofPreview = false) => {
    passing = ofPreview;
    one("[data-word]", editor).textContent = words;
    one("[data-word]", editor).hidden = !words;
    one("[data-word]", editor).classList.toggle("stays", !ofPreview); // in sight, also where the page shows a finding
  };
  const TOO_LATE = "Not sent: this draft cannot be sent any more. What happened stands above it."; // until it can again
  const LONGEST = Number(text.dataset.longest);
  const measure = () => {
    const count = one("[data-length]", editor);
    count.hidden = text.value.length < LONGEST * 0.9;
    const over = text.value.length - LONGEST;
    const many = (number) => number.toLocaleString("en");
    count.textContent = `${many(text.value.length)} of ${many(LONGEST)} characters${over > 0 ? `: ${many(over)} too many` : ""}`;
  };
  // Which of the two letters is before her: the stored one, or, while she edits, what her words would make of it.
  const refresh = () => {
    measure();
    if (!state.over && one("[data-word]", editor).textContent === TOO_LATE) tell("");
    draft.classList.toggle("editing", dirty() && panel.open && !behind);
    one("[data-unsaved]").hidden = !dirty() || panel.open;
    all("[data-forget]", editor).forEach((button) => (button.hidden = !dirty()));
    if (approve) approve.hidden = one("[data-typing]", editor).hidden = !dirty() || state.over;
  };

  // ---- the preview

  const FAULTS = {
    0: "There is no preview: the server does not answer. It is asked again by itself; your words are kept.",
    401: "There is no preview: you were signed out. Sign in again in another tab, then it comes by itself.",
    403: "There is no preview: you are signed in as somebody else by now. Reload this page: your words are kept.",
    413: "There is no preview: this is longer than a reply can be. Please shorten it.",
  };
  const READ_FIRST = "Nothing was done: first read the newer draft above, then choose one of these two.";
  const CHOOSE = "Nothing was done: words that you typed here are not stored. Put them back, or forget them, first.";
  const AGAIN = new Set([0, 401, 500, 502, 503, 504]);
  const PAUSE = 5000; // milliseconds until a preview that failed is asked for again
  let asked = 0;
  let timer = 0;
  let wanted = false; // Ctrl+Enter was pressed before the preview was there

  const showPreview = async () => {
    const mine = ++asked;
    clearTimeout(timer);
    shown.value = "";
    if (approve) approve.disabled = true;
    await untilReleased(); // the letter gives way to what is typed, and all buttons move
    if (mine !== asked) return;
    refresh();
    if (!dirty()) {
      if (passing) tell("");
      return void (page.hidden = true);
    }
    const made = await ask(editor.dataset.preview, { sieve: editor.elements.sieve.value, text: text.value });
    if (mine !== asked) return;
    if (!failed(made) && made.page) return arrived(made);
    wanted = false;
    page.hidden = true; // it would show other words than those that were typed
    const fault = failed(made) ? FAULTS[made.fault] ?? FAULTS[0] : made.words || "There is nothing to send yet.";
    if (passing || one("[data-word]", editor).hidden) tell(fault, true);
    if (failed(made) && AGAIN.has(made.fault)) timer = setTimeout(showPreview, PAUSE);
  };
  const arrived = (made) => {
    page.innerHTML = made.page; // made by our own templates; what was typed is escaped there
    if (behind) one("h3", page).textContent = "Your words would be sent as";
    page.hidden = false;
    shown.value = made.hash;
    if (approve) approve.disabled = false;
    if (passing) tell("");
    if (wanted) send();
  };
  for (const name of ["focus", "visibilitychange"]) {
    addEventListener(name, () => !document.hidden && dirty() && !shown.value && showPreview());
  }

  // ---- Ctrl+Enter

  const found = (root) => all("[data-what]", root);
  const known = found(one(".stored")).map((finding) => finding.dataset);
  // By its sentence too, or the second that nothing supports would pass as the first. A draft's sentence may be cut in
  // two when its text is read anew; and of one that was rewritten, what was found before is told without a sentence.
  const isKnown = ({ dataset: { what, about = "" } }) =>
    known.some((one) => one.what === what && (one.about ?? "").includes(about));
  // Whether there are findings that neither the draft had nor she was stopped at: then they are shown, once.
  const unread = () => {
    const fresh = found(page).filter((finding) => !isKnown(finding));
    if (!fresh.length) return false;
    for (const finding of fresh) {
      known.push(finding.dataset);
      finding.closest("details:not(.fold)")?.setAttribute("open", "");
    }
    fresh[0].scrollIntoView({ block: "center", behavior: "instant" });
    tell("Not sent yet: the checks found something that the draft did not have. Read it, then send once more.");
    return true;
  };
  // A reply of a word or two may be a slip of the keys. The same key once more is no answer to that: the box is.
  const unsure = () => {
    const box = one("[data-whole]", page);
    if (!box || box.checked) return false;
    box.closest("label").scrollIntoView({ block: "center", behavior: "instant" });
    tell("Not sent: this reply is a word or two. If that is all it should say, tick the box under it, then send.");
    return true;
  };
  const stopped = () => {
    const news = unread();
    return unsure() || news;
  };
  const send = () => {
    wanted = false;
    editor.requestSubmit(approve);
  };
  const finish = () => {
    if (behind) return tell(READ_FIRST);
    if (offered()) return tell(CHOOSE);
    if (state.over) return tell(TOO_LATE);
    if (!approve) return editor.requestSubmit();
    if (!dirty()) return stored ? stored.requestSubmit() : tell("Not sent: nothing is changed yet.");
    if (shown.value) return send();
    wanted = true;
    tell("It is sent as soon as its preview is there.", true);
    showPreview();
  };

  // ---- what else happens to the words

  const resume = () => {
    panel.open = true;
    refresh();
    enter(panel);
  };
  const close = () => {
    offer.hidden = true;
    text.readOnly = false;
  };
  const forget = () => {
    text.value = text.dataset.saved;
    close();
    drop();
    tell("");
    showPreview();
  };
  const refuse = () => {
    resume();
    const words = "Not approved: your words are not saved. Ctrl+Enter sends them as the preview shows; or forget them.";
    tell(behind ? READ_FIRST : offered() ? CHOOSE : words);
  };

  text.addEventListener("input", () => {
    keep();
    measure();
    if (wanted || !passing) tell("");
    clearTimeout(timer);
    timer = setTimeout(showPreview, 300);
    shown.value = "";
    wanted = false;
    asked += 1; // an answer that is under way is about other words
    if (approve) approve.disabled = true;
  });
  panel.addEventListener("toggle", refresh);
  all("[data-forget]").forEach((button) => button.addEventListener("click", forget));
  one("[data-resume]").addEventListener("click", resume);
  one("[data-drop]", editor)?.addEventListener("click", () => {
    drop();
    state.leaving = true;
  });
  editor.addEventListener("submit", (event) => {
    const sends = event.submitter?.name === "then";
    if (!offered() && (sends ? !stopped() : dirty() || !stored)) return;
    event.preventDefault(); // with nothing changed, it would be stored as an edit by her with nothing in it
    if (offered()) tell(CHOOSE);
    else if (!sends) tell("Nothing is changed, so there is nothing to save.");
  });
  // What is sent must be what was read: with unsaved words on the page, the stored draft is not that.
  stored?.addEventListener("submit", (event) => {
    if (!dirty() && !offered()) return;
    event.preventDefault();
    refuse();
  });
  one("[data-redraft]").addEventListener("submit", (event) => {
    event.target.elements.text.value = dirty() ? text.value : "";
    if (!behind) drop();
  });

  // ---- words of an earlier visit

  const [words, over] = JSON.parse(sessionStorage.getItem(shelf("text")) ?? "[null, null]");
  if (words !== null && words.trim() === text.dataset.saved.trim()) drop();
  else if (words !== null && words.trim() !== text.value.trim()) {
    offer.hidden = false;
    text.readOnly = true;
    one("[data-kept-older]", editor).hidden = over === draft.dataset.draft;
    panel.open = true;
  } else if (dirty() && words === null) keep(); // given back by a refusal: stored nowhere else
  const settle = (value) => {
    close();
    tell("");
    if (value === null) drop();
    else {
      text.value = value;
      keep();
    }
    text.focus();
    showPreview();
  };
  one("[data-kept-take]", editor).addEventListener("click", () => settle(words));
  one("[data-kept-drop]", editor).addEventListener("click", () => settle(null));
  if (dirty()) showPreview();
  measure();

  Desk.editing = { finish, refresh, refuse, blocked: () => (dirty() || offered()) && panel.open, form: editor };
})();
