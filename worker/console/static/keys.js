// Keys, and the list of them.
"use strict";

(() => {
  const { all, one, seen, enter } = Desk;

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
      Desk.editing?.refresh();
    }
    Desk.reading.close();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => mails.includes(document.activeElement) && document.activeElement.click(),
    n: () => location.assign(`/next${location.search}`),
    s: () => Desk.reading.walk(1),
    S: () => Desk.reading.walk(-1),
    z: () => one("[data-undo] button")?.click(),
    "/": () => (one("[data-search]") ? one("[data-search]").focus() : location.assign("/")),
    "?": () => help?.showModal(),
  };
  for (const key of "mu") acts[key] = () => named(key)?.click();
  acts.a = () => !one(".done[data-fresh]") && (Desk.editing?.blocked() ? Desk.editing.refuse() : named("a")?.click());
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
      if (writing.form === Desk.editing?.form) Desk.editing.finish();
      else writing.form.requestSubmit();
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
