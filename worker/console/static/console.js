// The console works without its scripts. They add: keys, sentences that show their sources, a live preview of edits, news
// about what one is reading, and care for words that are typed and not yet saved. They talk to this server only.
// This one comes first: what the others share, the reader's clock, forms, and the last approval.
"use strict";

const Desk = (() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const seen = (element) => element && element.getClientRects().length > 0;
  const state = { leaving: false, over: false };

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
  const changed = () =>
    all(".actions form").some((form) => form.method === "post" && typed(form).some((f) => f.value !== f.defaultValue));
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

  // `leaving`: the words on this page are taken care of. `over`: the draft cannot be sent any more.
  return { all, one, seen, ask, keepLooking, enter, state };
})();
