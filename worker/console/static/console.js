// The console works without this file. It adds: the reader's own clock, a warning before typed words are lost,
// one press per button, j and k in the lists, and an opened source when its number is followed.
"use strict";

(() => {
  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = clock.format(at);
    }
  }

  const typed = (form) => [...form.querySelectorAll("textarea:not([readonly]), input:not([type=hidden])")];
  let leaving = false;
  const changed = () =>
    [...document.forms].some(
      (form) => form.method === "post" && form.closest(".actions") && typed(form).some((f) => f.value !== f.defaultValue),
    );
  addEventListener("beforeunload", (event) => {
    if (!leaving && changed()) event.preventDefault();
  });

  for (const form of document.forms) {
    form.addEventListener("submit", () => {
      leaving = true;
      // After this turn: a button that is disabled at once takes its form with it in some browsers.
      setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
    });
  }
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      leaving = false;
      document.querySelectorAll("button:disabled").forEach((button) => (button.disabled = false));
    }
  });

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  for (const panel of document.querySelectorAll(".actions details")) {
    panel.addEventListener("toggle", () => {
      if (panel.open) panel.querySelector("textarea, input:not([type=hidden])").focus({ preventScroll: false });
    });
  }

  const mails = [...document.querySelectorAll("a.mail")];
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea")) return;
    const step = { j: 1, k: -1 }[event.key];
    if (step && mails.length) {
      const at = mails.indexOf(document.activeElement);
      mails[Math.min(mails.length - 1, Math.max(0, at + step))].focus();
    }
  });
})();
