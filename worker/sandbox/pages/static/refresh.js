/* Brings the page up to date every few seconds, politely: not in a hidden tab, not while somebody writes or selects. */
"use strict";
(() => {
  const SECONDS = 4;

  const busy = () => {
    const at = document.activeElement;
    const written = [...document.querySelectorAll("main textarea")].some((box) => box.value !== "");
    return document.hidden || written || !getSelection().isCollapsed || (at && at.closest("main form, main a"));
  };

  const refresh = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
        const here = document.querySelector("main");
        if (answer.ok && fresh && !busy() && fresh.innerHTML !== here.innerHTML) here.replaceWith(fresh);
      } catch {
        /* The sandbox is away: what is shown stays. */
      }
    }
    setTimeout(refresh, SECONDS * 1000);
  };

  setTimeout(refresh, SECONDS * 1000);
})();
