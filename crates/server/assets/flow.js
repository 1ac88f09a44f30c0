// JavaScript enhancements of the linking flow: copy buttons, showing the key, and messages to the embedding page.
// The flow also works without them.
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
        // Embedded pages may lack the permission: fall back to execCommand, or leave the text selected.
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

  // Polls whether the flow was finished on another device; then opens the page of the sync, which notifies the
  // embedding page.
  const { linkedAt } = body.dataset;
  if (linkedAt) {
    // The vendor's page is notified within a second, including the load of the page of the sync. Three devices stay
    // below the limit of 600 requests per minute and link.
    const EVERY_MS = 400;
    let timer;
    const look = async () => {
      clearTimeout(timer);
      const { status } = await fetch(linkedAt).catch(() => ({ status: 0 }));
      if (status === 200) location.replace(linkedAt.replace(/linked$/, "sync"));
      // Stops for an expired or cancelled link; continues after network errors, rate limits and server errors.
      else if (status < 400 || status >= 429) timer = setTimeout(look, EVERY_MS);
    };
    timer = setTimeout(look, EVERY_MS);
    // This page itself submits the link: its response redirects.
    document.addEventListener("submit", ({ target }) => { if (target.id === "link") clearTimeout(timer); });
    // Browsers throttle the timers of hidden pages.
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  }

  // Messages to the embedding page, only if it has the allowed origin of the link token.
  const opener = body.dataset.opener;
  if (opener && window.parent !== window) {
    const tell = (message) => window.parent.postMessage({ source: "lucca-connector", ...message }, opener);
    tell({ type: "ready" });
    tell({ type: "step", step: body.dataset.step });
    if (body.dataset.publicToken) tell({ type: "success", publicToken: body.dataset.publicToken });
    // The public token was exchanged already.
    else if ("linked" in body.dataset) tell({ type: "linked" });
    // Lets the widget report the linked account even if the dialog is closed now.
    document.addEventListener("submit", ({ target }) => { if (target.id === "link") tell({ type: "linking" }); });
    if (body.dataset.step === "cancelled") tell({ type: "exit", reason: "cancelled" });
    for (const button of document.querySelectorAll("[data-exit]")) {
      button.hidden = false;
      button.addEventListener("click", () => tell({ type: "exit", reason: button.dataset.exit }));
    }
    // The embedding page receives no key events of this frame.
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) tell({ type: "exit", reason: "closed" });
    });
  }
})();
