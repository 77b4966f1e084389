// The console works without this file. It adds: keys, sentences that show their sources, a live preview of edits, news
// about what one is reading, and care for words that are typed and not yet saved. It talks to this server only.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const seen = (element) => element && element.getClientRects().length > 0;

  // ---- the reader's own clock

  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of all("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = clock.format(at);
    }
  }

  // ---- asking the server: quietly, since it may be away for a moment

  const ask = async (url, fields) => {
    try {
      const answer = await fetch(url, fields ? { method: "POST", body: new URLSearchParams(fields) } : {});
      if (answer.status === 401 || answer.redirected) return { signedOut: true };
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  };

  // Calls `look` now and then while the page is seen; it may return false to end that.
  const keepLooking = (seconds, look) => {
    let timer = 0;
    const round = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      if ((await look()) !== false) timer = setTimeout(round, seconds * 1000);
      else document.removeEventListener("visibilitychange", round);
    };
    document.addEventListener("visibilitychange", round);
    round();
  };

  // ---- forms: one press per button, and no typed words lost by walking away

  const typed = (form) => all("textarea:not([readonly]), input:not([type=hidden])", form);
  let leaving = false;
  const changed = () =>
    all(".actions form").some((form) => form.method === "post" && typed(form).some((f) => f.value !== f.defaultValue));
  addEventListener("beforeunload", (event) => {
    if (!leaving && changed()) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    leaving = true;
    // After this turn: a button that is disabled at once takes its form with it in some browsers.
    setTimeout(() => all("button", event.target).forEach((button) => (button.disabled = true)));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      leaving = false;
      all("button:disabled").forEach((button) => (button.disabled = false));
    }
  });

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  const enter = (panel) => (one("textarea, input:not([type=hidden])", panel) ?? one("button", panel)).focus();
  for (const panel of all(".actions details")) {
    panel.addEventListener("toggle", () => {
      if (panel.open && !one("form:focus-within", panel)) enter(panel);
    });
  }

  // ---- the last approval can be taken back while it waits

  for (const toast of all(".done[data-seconds]")) {
    const end = performance.now() + Number(toast.dataset.seconds) * 1000;
    const undo = one("[data-undo]", toast);
    const tick = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left <= 0) return undo.remove();
      one(".left", undo).textContent = `${left} s`;
      setTimeout(tick, 250);
    };
    if (undo) tick();
  }

  // ---- the queue: counts, and what is new, without moving what one reads

  const queue = one("[data-queue]");
  const folders = all("[data-count]");
  if (folders.length) {
    const query = queue ? queue.dataset.queue : "";
    const here = new Set(all("a.mail").map((mail) => new URL(mail.href).pathname.split("/")[2]));
    const firstPage = queue && !new URLSearchParams(location.search).has("page");
    keepLooking(10, async () => {
      const found = await ask(`/counts${query ? `?${query}` : ""}`);
      if (!found) return true;
      if (found.signedOut) return false;
      for (const folder of folders) folder.textContent = found.counts[folder.dataset.count] ?? folder.textContent;
      if (firstPage) tellOfNew(found.top.filter((id) => !here.has(id)).length);
      return true;
    });
  }
  // On a phone the folders are one line: the one that is open must be in sight.
  const folder = one(".folders [aria-current]");
  if (folder) folder.closest("ul").scrollLeft = folder.offsetLeft - folder.closest("ul").offsetLeft - 12;
  function tellOfNew(count) {
    const place = one("[data-news]");
    place.replaceChildren();
    if (!count) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = count === 1 ? "One new draft: show it" : `${count} new drafts: show them`;
    place.append(link);
  }

  // ---- a sentence and its sources

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

  // ---- editing: a preview by the server, and words that outlive a reload

  const draft = one("[data-draft]");
  const editor = one("form[data-edit]");
  const text = editor && one("textarea", editor);
  const keep = draft && `words ${draft.dataset.watch}`;
  const dirty = () => Boolean(text) && text.value.trim() !== text.dataset.saved.trim();
  let over = false;
  let asked = 0;

  const showPreview = async () => {
    const mine = ++asked;
    const page = one("[data-preview-page]", editor);
    const approve = one("[data-approve-edit]", editor);
    editor.elements.shown.value = "";
    approve.disabled = true;
    approve.hidden = !dirty() || over;
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

  // ---- news about the draft that one is reading

  if (draft) {
    let first = "1";
    keepLooking(5, async () => {
      const fields = { csrf: draft.dataset.csrf, draft_id: draft.dataset.draft, first };
      const found = await ask(draft.dataset.watch, fields);
      if (!found) return true;
      if (found.signedOut) {
        tellOfStale({ words: "You were signed out. What you typed is kept: sign in again in another tab." });
        return false;
      }
      first = "";
      const has = found.others.length === 1 ? "has" : "have";
      one("[data-others]").textContent = found.others.length ? `${found.others.join(", ")} ${has} this open too` : "";
      tellOfStale(found);
      return true;
    });
  }
  function tellOfStale(found) {
    const place = one("[data-stale]");
    if (one("[data-stale-words]").textContent !== found.words) one("[data-stale-words]").textContent = found.words;
    place.hidden = !found.words;
    one("[data-reload]").hidden = !found.reload;
    over = Boolean(found.over);
    for (const field of all("input[name=despite]")) field.value = found.despite || "";
    const approve = one("[data-approve]");
    if (approve) {
      approve.hidden = over;
      one("button", approve).textContent = found.despite ? "Approve all the same" : "Approve and send";
    }
    const edited = one("[data-approve-edit]");
    if (edited && over) edited.hidden = true;
    const away = one("[data-put-away]");
    if (away) away.hidden = !(over && found.overtaken);
  }
  one("[data-reload]")?.addEventListener("click", () => (leaving = true)); // the words typed are kept for the next page

  // ---- keys

  const help = document.getElementById("keys");
  const keysOff = () => localStorage.getItem("keys") === "off";
  const named = (key) => all(`[data-key="${key}"]`).find(seen);
  const mails = all("a.mail");
  const step = (by) => {
    if (!mails.length) return named(by > 0 ? "j" : "k")?.click();
    const at = mails.indexOf(document.activeElement);
    mails[Math.min(mails.length - 1, Math.max(0, at + by))].focus();
  };
  const close = () => {
    const open = one(".actions details[open], .menu[open]");
    if (open) {
      open.open = false;
      one("summary", open).focus();
    }
    if (support) point((pinned = ""));
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => mails.includes(document.activeElement) && document.activeElement.click(),
    n: () => location.assign(`/next${location.search}`),
    s: () => walk(1),
    S: () => walk(-1),
    z: () => one("[data-undo] button")?.click(),
    "/": () => (one("[data-search]") ? one("[data-search]").focus() : location.assign("/")),
    "?": () => help?.showModal(),
  };
  for (const key of "amu") acts[key] = () => named(key)?.click();
  for (const key of "erxt") {
    acts[key] = () => {
      const panel = named(key)?.closest("details");
      if (!panel) return;
      panel.open = true;
      enter(panel); // now: what is typed next belongs there, and must not be taken for keys
    };
  }

  addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select");
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && writing?.form) {
      event.preventDefault();
      const form = writing.form;
      const approve = one("[data-approve-edit]", form);
      if (!approve || approve.hidden) form.requestSubmit();
      else if (approve.disabled) showPreview(); // not yet shown: read it, then press again
      else form.requestSubmit(approve);
      return;
    }
    if (event.key === "Escape" && !one("dialog[open]")) return close();
    if (event.ctrlKey || event.metaKey || event.altKey || writing || keysOff() || one("dialog[open]")) return;
    // A key that is held down would approve one draft after the other, unread.
    if (event.repeat && !"jks".includes(event.key)) return;
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  for (const button of all("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  const toggle = one("[data-keys-off]");
  if (toggle) {
    const say = () => (toggle.textContent = keysOff() ? "Switch single keys on" : "Switch single keys off");
    toggle.addEventListener("click", () => {
      localStorage.setItem("keys", keysOff() ? "on" : "off");
      say();
    });
    say();
  }
  document.addEventListener("click", (event) => {
    for (const menu of all(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
})();
