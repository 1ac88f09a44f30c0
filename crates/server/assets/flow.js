// What the linking flow does better with JavaScript: copying, showing the key, and telling the page that embeds it.
// Nothing here is needed to get through.
(() => {
  "use strict";
  const body = document.body;

  for (const button of document.querySelectorAll("[data-copy]")) {
    const input = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(input.value);
      } catch {
        // An embedded page may not be allowed to: then the old way, and else the text is selected to be copied by hand.
        input.focus();
        input.select();
        if (!document.execCommand("copy")) return;
      }
      const before = button.innerHTML;
      button.textContent = button.dataset.copied;
      button.setAttribute("aria-live", "polite");
      setTimeout(() => { button.innerHTML = before; }, 2000);
    });
  }

  for (const box of document.querySelectorAll("[data-show]")) {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.addEventListener("change", () => {
      document.getElementById(box.dataset.show).type = box.checked ? "text" : "password";
    });
  }

  document.getElementById("problem")?.focus();

  // Linked on another device: goes to the page that says so, and tells the page around this one.
  const { linkedAt } = body.dataset;
  if (linkedAt) {
    // The vendor's page is to hear of it within a second, and the page of the sync has to load before. A link may be
    // visited 600 times a minute: three devices stay below.
    const EVERY_MS = 400;
    let timer;
    const look = async () => {
      clearTimeout(timer);
      const { status } = await fetch(linkedAt).catch(() => ({ status: 0 }));
      if (status === 200) location.replace(linkedAt.replace(/linked$/, "sync"));
      // An expired or withdrawn link says nothing more; a network may come back.
      else if (status < 400 || status >= 429) timer = setTimeout(look, EVERY_MS);
    };
    timer = setTimeout(look, EVERY_MS);
    // This page links: the answer leads on.
    document.addEventListener("submit", ({ target }) => { if (target.id === "link") clearTimeout(timer); });
    // Browsers slow down the timers of pages that are not seen.
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  }

  // To the page that embeds this one, and only if it has the origin that the link token was made for.
  const opener = body.dataset.opener;
  if (opener && window.parent !== window) {
    const tell = (message) => window.parent.postMessage({ source: "lucca-connector", ...message }, opener);
    tell({ type: "ready" });
    tell({ type: "step", step: body.dataset.step });
    if (body.dataset.publicToken) tell({ type: "success", publicToken: body.dataset.publicToken });
    // Its public token was exchanged already.
    else if ("linked" in body.dataset) tell({ type: "linked" });
    // A person who closes the dialog now is still told that the account was linked.
    document.addEventListener("submit", ({ target }) => { if (target.id === "link") tell({ type: "linking" }); });
    if (body.dataset.step === "cancelled") tell({ type: "exit", reason: "cancelled" });
    for (const button of document.querySelectorAll("[data-exit]")) {
      button.hidden = false;
      button.addEventListener("click", () => tell({ type: "exit", reason: button.dataset.exit }));
    }
    // The page around this one does not hear the keys that are pressed here.
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) tell({ type: "exit", reason: "closed" });
    });
  }
})();
