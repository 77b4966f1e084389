// News: for the queue what came in, for a case what happened to the draft that one is reading.
"use strict";

(() => {
  const { all, one, ask, hear, failed, keepLooking, state } = Desk;
  const SIGNED_OUT = 30; // seconds between two looks whether somebody has signed in again

  // ---- the queue: counts, and what is new, without moving what one reads

  const queue = one("[data-queue]");
  const folders = all("[data-count]");
  if (folders.length) {
    const query = queue ? queue.dataset.queue : "";
    const firstPage = queue && !new URLSearchParams(location.search).has("page");
    keepLooking(10, async () => {
      const found = await ask(`/counts?${query}${queue ? `&since=${queue.dataset.since}` : ""}`);
      if (failed(found)) return found.fault === 401 ? SIGNED_OUT : undefined;
      for (const folder of folders) folder.textContent = found.counts[folder.dataset.count] ?? folder.textContent;
      if (firstPage) tellOfNew(found.new);
      await hear();
      return undefined;
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

  // ---- news about the draft that one is reading

  const draft = one("[data-draft]");
  if (draft) {
    let first = "1";
    let round = 0;
    keepLooking(5, async () => {
      const found = await ask(draft.dataset.watch + (draft.dataset.mine ?? ""), { draft_id: draft.dataset.draft, first });
      if (failed(found)) return tellOfSession(found.fault);
      first = "";
      const has = found.others.length === 1 ? "has" : "have";
      one("[data-others]").textContent = found.others.length ? `${found.others.join(", ")} ${has} this open too` : "";
      tellOfStale(found);
      if (round++ % 3 === 0) await hear();
      return undefined;
    });
  }
  if (!draft && !folders.length && one("[data-told]")) keepLooking(15, async () => void (await hear()));
  function tellOfSession(fault) {
    const again = "What you typed is kept: sign in again in another tab.";
    if (fault === 401) tellOfStale({ words: `You were signed out. ${again}` });
    if (fault === 403 && state.other) {
      tellOfStale({ words: `You are signed in as ${state.other} by now. What you typed is kept.`, reload: true });
    }
    return fault === 401 ? SIGNED_OUT : undefined;
  }
  function tellOfStale(found) {
    const place = one("[data-stale]");
    if (one("[data-stale-words]").textContent !== found.words) one("[data-stale-words]").textContent = found.words;
    place.hidden = !found.words;
    one("[data-reload]").hidden = !found.reload;
    state.over = Boolean(found.over);
    for (const field of all("input[name=despite]")) field.value = found.despite || "";
    const approve = one("[data-approve]");
    if (approve) {
      approve.hidden = state.over;
      one("button", approve).textContent = found.despite ? "Approve all the same" : "Approve and send";
    }
    Desk.editing?.refresh();
    const away = one("[data-put-away]");
    if (away) away.hidden = !(state.over && found.overtaken);
  }
  one("[data-reload]")?.addEventListener("click", () => (state.leaving = true)); // the words typed are kept for the next page
})();
