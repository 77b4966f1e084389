// The console works without its scripts. They add: keys, sentences that show their sources, a live preview of edits, news
// about what one is reading, and care for words that are typed and not yet saved. They talk to this server only.
// This one comes first: what the others share, the reader's clock, forms, and the last approval.
"use strict";

const Desk = (() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const seen = (element) => element && element.getClientRects().length > 0;
  const state = { leaving: false, over: false, other: "" };

  // ---- the reader's own clock

  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of all("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = clock.format(at);
    }
  }

  // ---- nothing moves under a pointer that is pressed: a press that ends elsewhere than it began is no click

  const LONGEST = 2000; // milliseconds: of a press that opened a menu, or was dragged away, no end may be told
  const TAP = 50; // milliseconds from a finger's release to its click; a mouse's comes at once
  const presses = new Map(); // pointers that are down, and the timer that ends the wait for each
  const waiting = [];
  const ended = (pointer) => {
    presses.delete(pointer);
    waiting.splice(0).forEach((go) => go()); // each looks whether another pointer is down
  };
  const endAfter = (pause, pointer) => {
    clearTimeout(presses.get(pointer));
    presses.set(pointer, setTimeout(ended, pause, pointer));
  };
  const released = ({ pointerId, pointerType }) => {
    if (presses.has(pointerId)) endAfter(pointerType === "mouse" ? 0 : TAP, pointerId);
  };
  const untilReleased = async () => {
    while (presses.size) await new Promise((go) => waiting.push(go));
  };
  addEventListener("pointerdown", ({ pointerId }) => endAfter(LONGEST, pointerId));
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, released);

  // ---- asking the server: quietly, since it may be away for a moment

  const failed = (found) => found.fault !== undefined;
  // What it answers, or `{fault}`: the status, 401 whenever nobody is signed in, 0 where no answer came.
  const fetched = async (url, fields) => {
    try {
      const answer = await fetch(url, fields ? { method: "POST", body: new URLSearchParams(fields) } : {});
      if (answer.redirected) return { fault: 401 };
      return answer.ok ? await answer.json() : { fault: answer.status };
    } catch {
      return { fault: 0 };
    } finally {
      await untilReleased(); // what is answered changes the page
    }
  };
  const ask = async (url, fields) => {
    const withToken = () => ({ ...fields, csrf: one("input[name=csrf]").value });
    const found = await fetched(url, fields && withToken());
    // Signed in anew in another tab: the forms here get the new session's token.
    return fields && found.fault === 403 && (await hear()) ? fetched(url, withToken()) : found;
  };
  // Who is signed in, and what became of her approvals. True if it is still whoever opened this page.
  const hear = async () => {
    const found = await fetched("/told");
    if (failed(found)) return false;
    const place = one("[data-told]");
    const news = document.createElement("template");
    news.innerHTML = found.page; // made by our own templates
    const stands = (alert) => [...place.children].some((one) => one.textContent === alert.textContent);
    // What was told in the moment before this was asked comes once more.
    if (place) for (const alert of [...news.content.children]) if (!stands(alert)) place.append(alert);
    for (const stopped of all(".not-sent a")) unsay(stopped.pathname);
    state.other = found.login === one(".who b").textContent ? "" : found.login;
    if (!state.other) all("input[name=csrf]").forEach((field) => (field.value = found.csrf));
    return !state.other;
  };

  // What did not leave is not on its way, and cannot be taken back: no toast, row or heading says so any longer.
  const unsay = (path) => {
    const about = (selector) => all(selector).filter((link) => link.pathname === path);
    for (const toast of about(".done [data-of]")) toast.closest(".done").remove();
    const rows = about("a.mail").flatMap((row) => all(".status-approved", row));
    const heading = location.pathname === path ? all(".case-head .status-approved") : [];
    for (const chip of [...rows, ...heading]) {
      chip.className = "chip";
      chip.textContent = "Not sent";
    }
  };

  // Calls `look` now and then while the page is seen, and when one comes back to it. It may return other seconds.
  const keepLooking = (seconds, look) => {
    let timer = 0;
    let busy = false;
    const round = async () => {
      if (document.hidden || busy) return;
      clearTimeout(timer);
      busy = true;
      let pause = seconds;
      try {
        pause = (await look()) ?? seconds;
      } finally {
        busy = false; // also after an error: the browser's console has it, and the next look may go well
        timer = setTimeout(round, pause * 1000);
      }
    };
    document.addEventListener("visibilitychange", round);
    addEventListener("focus", round);
    round();
  };

  // ---- forms: one press per button, and no typed words lost by walking away

  const typed = (form) => all("textarea:not([readonly]), input:not([type=hidden], [type=checkbox])", form);
  // What a refused form gave back is its field's default, and yet stored nowhere.
  const shelfOf = (address, name) => `words ${address}/watch ${name}`; // where this tab keeps them meanwhile
  const unsaved = (field) => field.value.trim() !== (field.dataset.saved ?? "").trim();
  const changed = () => all(".actions form, [data-holding]").some((form) => form.method === "post" && typed(form).some(unsaved));
  addEventListener("beforeunload", (event) => {
    if (!state.leaving && changed()) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    state.leaving = true;
    // After this turn: a button that is disabled at once takes its form with it in some browsers.
    setTimeout(() => all("button", event.target).forEach((button) => (button.disabled = true)));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      state.leaving = false;
      all("button:disabled").forEach((button) => (button.disabled = false));
      all(".done").forEach((toast) => toast.remove()); // it told of something that may have been taken back since
    }
  });

  // The answer to a form has no address of its own: back and reload lead to the case instead.
  const answer = one("[data-address]");
  if (answer) history.replaceState(null, "", answer.dataset.address);

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const fold = target && target.closest("details");
    if (fold) fold.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  // What is typed next belongs there. Where kept words are offered, it must not take their place.
  const enter = (panel) => {
    const places = ["[data-kept]:not([hidden]) button", "textarea, input:not([type=hidden])", "button"];
    places.map((place) => one(place, panel)).find(Boolean).focus();
  };
  // Only where she pressed its button: a panel that the page opens by itself must not catch keys that are meant for it.
  for (const panel of all(".actions details")) {
    one("summary", panel).addEventListener("click", (event) => {
      event.preventDefault();
      panel.open = !panel.open; // at once, or the first of her keys would still be the page's
      // Where there is a newer draft to be read first, it must not be scrolled away from.
      const waits = "behind" in panel.dataset || one("[data-kept]:not([hidden])", panel);
      if (panel.open && !waits) enter(panel);
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
  // A second tap on the key that has just approved one draft must not approve the next, unread.
  for (const toast of all(".done[data-fresh]")) setTimeout(() => toast.removeAttribute("data-fresh"), 600);

  // `leaving`: the words on this page are taken care of. `over`: the draft cannot be sent any more. `other`: somebody
  // else is signed in by now.
  return { all, one, seen, ask, hear, failed, keepLooking, untilReleased, enter, unsaved, shelfOf, state };
})();
