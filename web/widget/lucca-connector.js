// Opens lucca-connector's linking flow in a dialog of the page that includes this script, or redirects to it.
//
// A classic script without dependencies or a build step; it sets `LuccaConnector` and changes nothing else until the
// page calls it. `index.mjs` exports it as an ES module, `lucca-connector.d.ts` declares its types. Not here: the
// flow's pages, which the connector serves and which send messages to this script by `postMessage`.
(() => {
  'use strict';

  // The texts of a bundled copy. The connector serves this script with its texts in every language instead of these two.
  const TEXTS = {
    en: {
      title: 'Connect Lucca',
      close: 'Close',
      loading: 'Loading…',
      silent: 'This does not seem to load. Close it and try again; if that does not help, tell the support of this application.',
    },
    fr: {
      title: 'Connecter Lucca',
      close: 'Fermer',
      loading: 'Chargement…',
      silent: 'Le chargement ne semble pas aboutir. Fermez et réessayez ; si cela ne suffit pas, prévenez le support de cette application.',
    },
  };

  // How long a loaded page may send no message before the dialog reports that: it is then most likely the browser's own
  // error page, and no page of the flow.
  const SILENCE_MS = 8000;

  // How long a closed dialog waits for the result of a linking in progress.
  const LINKING_MS = 10_000;

  const STYLE = `
    :host { all: initial; color-scheme: light dark; }
    dialog {
      --surface: #ffffff;
      --ink: #1b2130;
      --quiet: #565e70;
      --line: #dfe2e9;
      --focus: #2457d6;
      box-sizing: border-box;
      width: min(60rem, 100vw - 4rem);
      height: min(50rem, 100vh - 4rem);
      height: min(50rem, 100dvh - 4rem);
      max-width: none;
      max-height: none;
      margin: auto;
      padding: 0;
      border: 1px solid var(--line);
      border-radius: 14px;
      overflow: hidden;
      background: var(--surface);
      color: var(--ink);
      font: 16px/1.4 system-ui, sans-serif;
      box-shadow: 0 24px 64px rgb(10 15 30 / 0.28);
    }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(12 16 28 / 0.55); }
    header {
      display: flex;
      flex: none;
      align-items: center;
      justify-content: space-between;
      padding: 4px 4px 4px 20px;
      border-bottom: 1px solid var(--line);
    }
    .title { font-weight: 600; }
    button {
      display: grid;
      place-items: center;
      width: 44px;
      height: 44px;
      padding: 0;
      border: 0;
      border-radius: 10px;
      background: none;
      color: var(--quiet);
      cursor: pointer;
    }
    button:hover { color: var(--ink); background: color-mix(in srgb, var(--ink) 8%, transparent); }
    button:focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
    svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; }
    .status { flex: none; margin: 0; padding: 12px 20px; color: var(--quiet); }
    .status:empty { display: none; }
    iframe { flex: 1; min-height: 0; width: 100%; border: 0; color-scheme: light dark; }
    @media (prefers-color-scheme: dark) {
      dialog { --surface: #16191f; --ink: #eceef3; --quiet: #a9b1c2; --line: #333945; --focus: #8fb1ff; }
    }
    @media (max-width: 40rem), (max-height: 30rem) {
      dialog { width: 100vw; height: 100vh; height: 100dvh; border: 0; border-radius: 0; }
    }
    @media (prefers-reduced-motion: no-preference) {
      dialog[open] { animation: arrive 0.18s ease-out; }
      dialog[open]::backdrop { animation: appear 0.18s ease-out; }
      @keyframes arrive { from { opacity: 0; transform: translateY(10px); } }
      @keyframes appear { from { opacity: 0; } }
    }
  `;

  // The open dialog, if any.
  let current = null;

  const LuccaConnector = {
    home: homeOf(globalThis.document?.currentScript?.src),

    open(options) {
      const { address, onSuccess, onExit, onEvent } = read('open', options, ['onSuccess', 'onExit', 'onEvent']);
      if (typeof onSuccess !== 'function') {
        throw new TypeError(
          'LuccaConnector.open: onSuccess must be a function; it is given the public token that your server exchanges.',
        );
      }
      for (const [name, callback] of Object.entries({ onExit, onEvent })) {
        if (callback !== undefined && typeof callback !== 'function') {
          throw new TypeError(`LuccaConnector.open: ${name} must be a function.`);
        }
      }
      if (!document.body) {
        throw new Error('LuccaConnector.open: the page has no body yet; call it after DOMContentLoaded.');
      }
      current?.end('replaced');
      const dialog = new LinkDialog(address, { onSuccess, onExit, onEvent });
      current = dialog;
      return { close: () => dialog.end('closed') };
    },

    redirect(options) {
      const { address } = read('redirect', options, []);
      location.assign(address);
    },
  };

  // The connector's address, derived from this script's address; null when another server serves the script.
  function homeOf(script) {
    return script && new URL(script).pathname.endsWith('/widget/lucca-connector.js')
      ? new URL('..', script).href
      : null;
  }

  // Validates the options of `method` and returns them with the address of the flow.
  function read(method, options, callbacks) {
    const wrong = (text) => new TypeError(`LuccaConnector.${method}: ${text}`);
    if (typeof document === 'undefined') {
      throw new Error(`LuccaConnector.${method} works in a browser only.`);
    }
    if (options === null || typeof options !== 'object') {
      throw wrong('an object with a linkToken is expected.');
    }
    const known = ['linkToken', 'url', ...callbacks];
    const unknown = Object.keys(options).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw wrong(`there is no option ${unknown}; there are ${known.join(', ')}.`);
    }
    const { linkToken, url } = options;
    if (linkToken !== undefined && !/^lnk_[A-Za-z0-9_-]+$/.test(linkToken)) {
      throw wrong('linkToken is no link token; your server makes one, lnk_…, with POST /v1/link-tokens.');
    }
    if (linkToken === undefined && url === undefined) {
      throw wrong('a linkToken is needed, or the url that came with it from POST /v1/link-tokens.');
    }
    if (url === undefined && LuccaConnector.home === null) {
      throw wrong(
        'where the connector is cannot be told, as it does not serve this script itself; give the url that came with ' +
          'the link token, or set LuccaConnector.home to the connector’s address.',
      );
    }
    let address;
    try {
      address = url === undefined ? new URL(`link/${linkToken}`, LuccaConnector.home) : new URL(url);
    } catch {
      throw wrong(`${url === undefined ? 'LuccaConnector.home' : 'url'} is no absolute address.`);
    }
    if (!['https:', 'http:'].includes(address.protocol)) {
      throw wrong('the address of the flow must begin with https://, or with http:// on your own machine.');
    }
    return { ...options, address };
  }

  // One opened flow: its dialog and its callbacks.
  class LinkDialog {
    #origin;
    #callbacks;
    #opener;
    #host;
    #dialog;
    #frame;
    #status;
    #texts;
    #unlockScrolling;
    #silence;
    #isSucceeded = false;
    // The account is linked, even if its public token was exchanged before.
    #isLinked = false;
    // The flow is linking the account: the next page reports whether it is linked.
    #isLinking = false;
    // Why the dialog was closed while the flow was linking.
    #closedBecause = null;
    #isEnded = false;

    constructor(address, callbacks) {
      this.#origin = address.origin;
      this.#callbacks = callbacks;
      this.#opener = focused(document);
      const language = document.documentElement.lang || navigator.language;
      const wanted = /^[a-z]+/i.exec(language)?.[0].toLowerCase();
      const code = Object.hasOwn(TEXTS, wanted) ? wanted : 'en';
      this.#texts = TEXTS[code];
      this.#build(address.href, code);
      addEventListener('message', this.#onMessage);
      document.body.append(this.#host);
      this.#unlockScrolling = lockScrolling();
      this.#dialog.showModal();
      this.#frame.focus();
    }

    #build(address, language) {
      this.#host = document.createElement('div');
      this.#host.lang = language;
      const root = this.#host.attachShadow({ mode: 'open' });
      // A constructed sheet is the one kind that a page's `style-src` does not forbid.
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];

      const title = element('span', { id: 'title', className: 'title', textContent: this.#texts.title });
      const button = element('button', { type: 'button', onclick: () => this.end('closed') });
      button.setAttribute('aria-label', this.#texts.close);
      button.append(cross());
      const header = element('header', {});
      header.append(title, button);
      this.#status = element('p', { className: 'status', textContent: this.#texts.loading });
      this.#status.setAttribute('role', 'status');
      this.#frame = element('iframe', {
        title: this.#texts.title,
        allow: 'clipboard-write',
        referrerPolicy: 'no-referrer',
        onload: () => this.#loaded(),
      });
      this.#frame.src = address;
      this.#dialog = element('dialog', {
        // Escape, or the device's equivalent.
        oncancel: (event) => {
          event.preventDefault();
          this.end('closed');
        },
        onclose: () => this.end('closed'),
      });
      this.#dialog.setAttribute('aria-labelledby', 'title');
      this.#dialog.append(header, this.#status, this.#frame);
      root.append(this.#dialog);
    }

    // The frame has loaded a page: the flow's, which sends a message, or an error page, which sends none.
    #loaded() {
      if (this.#status.textContent === this.#texts.loading) this.#status.textContent = '';
      this.#enter();
      this.#silence ??= setTimeout(() => {
        this.#status.textContent = this.#texts.silent;
        console.warn(
          `LuccaConnector: nothing was heard from the flow at ${this.#origin}. Is the link token's allowed_origin ` +
            `exactly ${location.origin}, and does this page's Content-Security-Policy allow frame-src ${this.#origin}?`,
        );
      }, SILENCE_MS);
    }

    // The frame received the focus before its page had loaded, so the page does not have it yet. Does nothing if the
    // page has the focus already, or if the user has moved it elsewhere.
    #enter() {
      if (this.#host.shadowRoot.activeElement === this.#frame) this.#frame.contentWindow.focus();
    }

    // Accepts messages only from the flow: from this frame, while it shows a page of the flow's origin.
    #onMessage = ({ source, origin, data }) => {
      if (source !== this.#frame.contentWindow || origin !== this.#origin) return;
      if (data === null || typeof data !== 'object' || data.source !== 'lucca-connector') return;
      if (this.#closedBecause !== null) {
        this.#onMessageAfterClose(data);
        return;
      }
      this.#silence ??= 0;
      clearTimeout(this.#silence);
      this.#status.textContent = '';
      switch (data.type) {
        case 'ready':
          this.#enter();
          this.#event('ready', null);
          break;
        case 'step':
          // The page of the sync sends `linked` next.
          if (data.step !== 'sync') this.#isLinking = false;
          if (typeof data.step === 'string') this.#event('step', data.step);
          break;
        case 'linking':
          this.#isLinking = true;
          break;
        case 'linked':
          this.#isLinking = false;
          this.#isLinked = true;
          break;
        case 'success':
          this.#succeed(data.publicToken);
          break;
        case 'exit':
          this.end(typeof data.reason === 'string' ? data.reason : 'closed');
          break;
      }
    };

    // The flow keeps showing its last page; the customer closes it after reading.
    #succeed(publicToken) {
      if (this.#isSucceeded || typeof publicToken !== 'string' || publicToken === '') return;
      this.#isSucceeded = true;
      this.#isLinked = true;
      this.#isLinking = false;
      this.#event('success', null);
      invoke(this.#callbacks.onSuccess, { publicToken });
    }

    // The dialog was closed while the flow was linking: reports the result.
    #onMessageAfterClose({ type, step, publicToken }) {
      const reason = this.#closedBecause;
      if (type === 'success') this.#succeed(publicToken);
      if (type === 'linked') this.#isLinked = true;
      if (this.#isLinked || (type === 'step' && step !== 'sync')) this.#finish(reason);
    }

    // Removes the dialog and returns the focus; further calls do nothing.
    end(reason) {
      if (this.#isEnded) return;
      this.#isEnded = true;
      if (current === this) current = null;
      clearTimeout(this.#silence);
      if (this.#dialog.open) this.#dialog.close();
      this.#unlockScrolling();
      this.#opener?.focus({ preventScroll: true });
      if (this.#isLinking) {
        // The request has been sent: the frame stays, hidden, until its response shows whether the account is linked.
        this.#closedBecause = reason;
        this.#silence = setTimeout(() => this.#finish(reason), LINKING_MS);
      } else {
        this.#finish(reason);
      }
    }

    #finish(reason) {
      removeEventListener('message', this.#onMessage);
      clearTimeout(this.#silence);
      this.#host.remove();
      this.#event('exit', null);
      invoke(this.#callbacks.onExit, { reason: this.#isLinked ? 'finished' : reason });
    }

    #event(type, step) {
      invoke(this.#callbacks.onEvent, { type, step });
    }
  }

  // Calls the page's callback; an error in it must not stop the dialog's own work.
  function invoke(callback, what) {
    try {
      callback?.(what);
    } catch (error) {
      reportError(error);
    }
  }

  // The element with the focus, however deep in shadow roots.
  function focused(root) {
    const element = root.activeElement;
    return element?.shadowRoot?.activeElement ? focused(element.shadowRoot) : element;
  }

  // Stops the page behind the dialog from scrolling, without a shift when its scroll bar disappears.
  function lockScrolling() {
    const { style, clientWidth } = document.documentElement;
    const { overflow, scrollbarGutter } = style;
    if (innerWidth > clientWidth) style.scrollbarGutter = 'stable';
    style.overflow = 'hidden';
    return () => Object.assign(style, { overflow, scrollbarGutter });
  }

  function element(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }

  function cross() {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 20 20');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', 'M5 5l10 10M15 5L5 15');
    svg.append(path);
    return svg;
  }

  // Included twice, the script defines one object: it must know which dialog is open.
  globalThis.LuccaConnector ??= LuccaConnector;
})();
