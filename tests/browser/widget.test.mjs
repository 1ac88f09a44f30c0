// The widget on a third-party page, under a strict Content-Security-Policy. A server of the test plays the flow: it sends
// the messages of the flow's pages, and messages that they would never send.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import {
  assertAccessible, assertNoComplaints, assertNoSidewaysScrolling, complaints, closeAndWait, openPage, ROOT, screenshot,
  startServer,
} from './support.mjs';

const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript', mjs: 'text/javascript' };
const STRICT = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'";

// connector: serves the widget, the examples and the played flow. vendor: the page that embeds it. evil: neither.
let connector;
let vendor;
let evil;

before(async () => {
  connector = await startServer(answerAsConnector);
  vendor = await startServer(answerAsVendor);
  evil = await startServer(() => ({ body: `<!doctype html><title>evil</title>${FORGE}` }));
});

// Sends the embedding page a message that only the flow may send.
const FORGE = `<script>
  parent.postMessage({ source: 'lucca-connector', type: 'success', publicToken: 'pub_forged' }, '*');
</script>`;

function answerAsConnector({ url }) {
  const { pathname } = new URL(url, 'http://any');
  if (pathname.startsWith('/widget/')) {
    const isExample = pathname.startsWith('/widget/examples/');
    const file = isExample ? `web/examples/${path.basename(pathname)}` : `web/widget/${path.basename(pathname)}`;
    const headers = isExample
      ? { 'Content-Security-Policy': `${STRICT}; frame-src 'self'; frame-ancestors 'none'` }
      : { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };
    return { headers, type: TYPES[pathname.split('.').pop()], body: readFileSync(path.join(ROOT, file)) };
  }
  if (pathname === '/forge') return { body: `<!doctype html><title>forge</title>${FORGE}` };
  if (pathname === '/flow.js') return { type: TYPES.js, body: FLOW_SCRIPT };
  if (pathname === '/flow.css') return { type: TYPES.css, body: FLOW_STYLE };
  const [, token] = /^\/link\/(lnk_\w+)$/.exec(pathname) ?? [];
  if (token === undefined) return undefined;
  const allowed = { lnk_refused: "'none'", lnk_example: connector.url }[token] ?? vendor.otherUrl;
  return {
    headers: { 'Content-Security-Policy': `${STRICT}; frame-ancestors ${allowed}`, 'Referrer-Policy': 'no-referrer' },
    body: FLOW.replace('ALLOWED', allowed),
  };
}

const FLOW = `<!doctype html><html lang="en"><head><title>Link Lucca</title><meta name="viewport" content="width=device-width">
  <link rel="stylesheet" href="/flow.css"><script src="/flow.js" defer data-allowed="ALLOWED"></script></head>
  <body><main><h1>Where is your Lucca?</h1><p>Paste the address of any page of it.</p>
  <p><label>Address <input name="address"></label></p>
  <p><button id="finish">Finish</button> <button id="leave">Leave</button> <button id="noise">Noise</button>
  <button id="link">Link</button> <button id="fail">Fail</button> <button id="again">Again</button></p>
  </main></body></html>`;
const FLOW_STYLE = `:root { color-scheme: light dark } body { font: 16px/1.5 sans-serif; padding: 0 16px }
  input, button { font: inherit; min-height: 44px; max-width: 100% }`;
const FLOW_SCRIPT = `
  const { allowed } = document.currentScript.dataset;
  const say = (message) => parent.postMessage({ source: 'lucca-connector', ...message }, allowed);
  say({ type: 'ready' });
  say({ type: 'step', step: 'tenant' });
  addEventListener('keydown', ({ key }) => { if (key === 'Escape') say({ type: 'exit', reason: 'closed' }); });
  const on = (id, what) => document.getElementById(id).addEventListener('click', what);
  on('finish', () => {
    say({ type: 'success', publicToken: 'pub_first' });
    say({ type: 'success', publicToken: 'pub_second' });
  });
  // Answers a request once the embedding page allows it.
  const answered = () => new Promise((done) => addEventListener('message', done, { once: true }));
  on('link', async () => {
    say({ type: 'linking' });
    await answered();
    say({ type: 'ready' });
    say({ type: 'step', step: 'sync' });
    say({ type: 'success', publicToken: 'pub_late' });
  });
  on('fail', async () => {
    say({ type: 'linking' });
    await answered();
    say({ type: 'ready' });
    say({ type: 'step', step: 'checks' });
  });
  on('again', () => say({ type: 'linked' }));
  on('leave', () => say({ type: 'exit', reason: 'cancelled' }));
  on('noise', () => {
    say({ type: 'success' });
    say({ type: 'success', publicToken: 7 });
    say({ type: 'exit-all' });
    say({ type: 'step', step: { deep: true } });
    parent.postMessage({ source: 'other', type: 'exit' }, allowed);
    parent.postMessage(null, allowed);
    parent.postMessage('exit', allowed);
    say({ type: 'step', step: 'after-noise' });
  });`;

function answerAsVendor({ url }) {
  const { pathname, searchParams } = new URL(url, 'http://any');
  if (pathname === '/app.js') return { type: TYPES.js, body: APP_SCRIPT };
  if (pathname === '/module.js') return { type: TYPES.js, body: MODULE_SCRIPT.replace('CONNECTOR', connector.url) };
  const isModule = pathname === '/module';
  const widget = isModule
    ? '<script type="module" src="/module.js"></script>'
    : `<script src="${connector.url}/widget/lucca-connector.js"></script>`;
  return {
    headers: {
      'Content-Security-Policy':
        `default-src 'none'; script-src 'self' ${connector.url}; frame-src ${connector.url} ${evil.url}; ` +
        "require-trusted-types-for 'script'",
    },
    body: `<!doctype html><html lang="${searchParams.get('lang') ?? 'en'}"><head><title>Vendor</title>
      <meta name="viewport" content="width=device-width">${widget}<script src="/app.js"></script></head>
      <body><main><h1>Settings</h1><button id="opener">Connect Lucca</button> <button id="other">Other</button>
      ${'<p>A line of settings.</p>'.repeat(100)}</main></body></html>`,
  };
}

// Records the widget's callbacks, and every message that reaches the page.
const APP_SCRIPT = `
  globalThis.heard = [];
  globalThis.messages = [];
  addEventListener('message', ({ data }) => messages.push(data));
  globalThis.openFlow = (linkToken) => LuccaConnector.open({
    linkToken,
    onSuccess: (success) => heard.push(['success', success]),
    onExit: (exit) => heard.push(['exit', exit]),
    onEvent: (event) => heard.push(['event', event]),
  });
  addEventListener('DOMContentLoaded', () => {
    opener.addEventListener('click', () => openFlow('lnk_flow'));
  });`.replace('opener.add', "document.getElementById('opener').add");
const MODULE_SCRIPT = `
  import { LuccaConnector } from 'CONNECTOR/widget/index.mjs';
  globalThis.home = LuccaConnector.home;`;

const FLOW_EVENTS = [
  ['event', { type: 'ready', step: null }],
  ['event', { type: 'step', step: 'tenant' }],
];
const LEFT = (reason) => [['event', { type: 'exit', step: null }], ['exit', { reason }]];
const heard = (page) => page.evaluate(() => globalThis.heard);
const untilHeard = (page, count) => page.waitForFunction((count) => globalThis.heard.length >= count, count);
const flow = (page) => page.frameLocator('iframe');

async function openVendor(options, route = '/') {
  const page = await openPage(options);
  await page.goto(vendor.otherUrl + route);
  return page;
}

// Opens the flow like a user, and waits for its page.
async function openFlow(page) {
  await page.getByRole('button', { name: 'Connect Lucca' }).click();
  await untilHeard(page, FLOW_EVENTS.length);
}

test('the flow opens in a dialog with a name, and the focus is in it', async () => {
  const page = await openVendor();
  await openFlow(page);
  const dialog = page.getByRole('dialog', { name: 'Connect Lucca' });
  await dialog.waitFor();
  assert.equal(await dialog.locator('iframe').getAttribute('title'), 'Connect Lucca');
  assert.deepEqual(await heard(page), FLOW_EVENTS);
  await page.keyboard.press('Tab');
  await page.keyboard.type('acme.ilucca.net');
  assert.equal(await flow(page).getByLabel('Address').inputValue(), 'acme.ilucca.net');
  await assertAccessible(page);
  await screenshot(page, 'widget-1280-light');
  assertNoComplaints(page);
});

for (const [how, close] of [
  ['Escape in the flow', (page) => flow(page).getByLabel('Address').press('Escape')],
  ['Escape on the dialog', (page) => page.getByRole('button', { name: 'Close' }).press('Escape')],
  ['the close button, by keyboard', (page) => page.getByRole('button', { name: 'Close' }).press('Enter')],
]) {
  test(`${how} closes the dialog, and the focus goes back`, async () => {
    const page = await openVendor();
    await openFlow(page);
    await closeAndWait(close(page), untilHeard(page, 4));
    assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...LEFT('closed')]);
    assert.equal(await page.locator('iframe').count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'opener');
    assertNoComplaints(page);
  });
}

// Closes the dialog while the flow links the account; only then the flow's server answers.
async function closeWhile(page, name) {
  await flow(page).getByRole('button', { name }).click();
  await page.waitForFunction(() => globalThis.messages.some(({ type }) => type === 'linking'));
  await page.getByRole('button', { name: 'Close' }).press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0, 'it is gone at once');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'opener');
  assert.deepEqual(await heard(page), FLOW_EVENTS);
  await page.evaluate(() => {
    document.querySelector('div').shadowRoot.querySelector('iframe').contentWindow.postMessage('answered', '*');
  });
}

test('closing while linking still reports success', async () => {
  const page = await openVendor();
  await openFlow(page);
  await closeWhile(page, 'Link');
  await untilHeard(page, 6);
  const success = [['event', { type: 'success', step: null }], ['success', { publicToken: 'pub_late' }]];
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...success, ...LEFT('finished')]);
  assert.equal(await page.locator('iframe').count(), 0);
  assertNoComplaints(page);
});

test('closing while linking fails reports closed', async () => {
  const page = await openVendor();
  await openFlow(page);
  await closeWhile(page, 'Fail');
  await untilHeard(page, 4);
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...LEFT('closed')]);
  assert.equal(await page.locator('iframe').count(), 0);
});

test('a public token that was exchanged is finished too', async () => {
  const page = await openVendor();
  await openFlow(page);
  await flow(page).getByRole('button', { name: 'Again' }).click();
  await page.waitForFunction(() => globalThis.messages.some(({ type }) => type === 'linked'));
  await page.getByRole('button', { name: 'Close' }).click();
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...LEFT('finished')]);
});

test('the close button is reached by keyboard, backwards from the first field of the flow', async () => {
  const page = await openVendor();
  await openFlow(page);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await untilHeard(page, 4);
  assert.deepEqual((await heard(page)).at(-1), ['exit', { reason: 'closed' }]);
});

test('the page behind does not scroll while the dialog is open', async () => {
  const page = await openVendor();
  const wheel = async () => {
    await page.mouse.move(10, 400);
    await page.mouse.wheel(0, 300);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  };
  await openFlow(page);
  await wheel();
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.getByRole('button', { name: 'Close' }).click();
  await wheel();
  await page.waitForFunction(() => scrollY > 0);
  assert.equal(await page.evaluate(() => document.documentElement.getAttribute('style') ?? ''), '');
});

test('success is reported once, and the dialog stays open', async () => {
  const page = await openVendor();
  await openFlow(page);
  await flow(page).getByRole('button', { name: 'Finish' }).click();
  await page.waitForFunction(() => globalThis.messages.some(({ publicToken }) => publicToken === 'pub_second'));
  const success = [['event', { type: 'success', step: null }], ['success', { publicToken: 'pub_first' }]];
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...success]);
  await closeAndWait(flow(page).getByRole('button', { name: 'Leave' }).click(), untilHeard(page, 6));
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...success, ...LEFT('finished')]);
});

test('the exit reason of the flow is passed on', async () => {
  const page = await openVendor();
  await openFlow(page);
  await closeAndWait(flow(page).getByRole('button', { name: 'Leave' }).click(), untilHeard(page, 4));
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...LEFT('cancelled')]);
});

test('unknown messages are ignored', async () => {
  const page = await openVendor();
  await openFlow(page);
  await flow(page).getByRole('button', { name: 'Noise' }).click();
  await untilHeard(page, 3);
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ['event', { type: 'step', step: 'after-noise' }]]);
  assertNoComplaints(page);
});

test('a forged message is ignored: of the page, of another frame of the same origin, of another origin in the frame', async () => {
  const page = await openVendor();
  await openFlow(page);
  const forged = (count) =>
    page.waitForFunction(
      (count) => globalThis.messages.filter(({ publicToken }) => publicToken === 'pub_forged').length === count, count);
  await page.evaluate(() => postMessage({ source: 'lucca-connector', type: 'success', publicToken: 'pub_forged' }));
  await forged(1);
  await page.evaluate((address) => {
    document.body.append(Object.assign(document.createElement('iframe'), { src: address, title: 'another' }));
  }, `${connector.url}/forge`);
  await forged(2);
  await page.evaluate((address) => {
    document.querySelector('div').shadowRoot.querySelector('iframe').src = address;
  }, evil.url);
  await forged(3);
  assert.deepEqual(await heard(page), FLOW_EVENTS);
});

test('a second flow takes the place of the first', async () => {
  const page = await openVendor();
  await openFlow(page);
  await page.evaluate(() => void globalThis.openFlow('lnk_second'));
  await untilHeard(page, 6);
  assert.deepEqual(await heard(page), [...FLOW_EVENTS, ...LEFT('replaced'), ...FLOW_EVENTS]);
  assert.equal(await page.locator('iframe').count(), 1);
  await page.getByRole('button', { name: 'Close' }).click();
  assert.equal(await page.locator('iframe').count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'opener');
});

test('the handle closes the flow, once', async () => {
  const page = await openVendor();
  await page.evaluate(() => {
    const handle = globalThis.openFlow('lnk_flow');
    handle.close();
    handle.close();
  });
  assert.deepEqual(await heard(page), LEFT('closed'));
});

test('an error of the page in a callback leaves nothing behind', async () => {
  const page = await openVendor();
  await page.evaluate(() => {
    const onExit = () => {
      throw new Error('of the page');
    };
    LuccaConnector.open({ linkToken: 'lnk_flow', onSuccess() {}, onExit });
  });
  await openFlowDirectly(page);
  assert.equal(await page.locator('iframe').count(), 1);
  assertNoComplaints(page, /of the page/);
  assert.equal(complaints(page).length, 1);
});

async function openFlowDirectly(page) {
  await page.evaluate(() => void globalThis.openFlow('lnk_flow'));
  await untilHeard(page, FLOW_EVENTS.length);
}

test('misuse throws a descriptive error', async () => {
  const page = await openVendor();
  const thrown = (method, options, home) =>
    page.evaluate(
      ([method, options, home]) => {
        if (options?.onSuccess === 'a function') options.onSuccess = () => {};
        const before = LuccaConnector.home;
        if (home !== undefined) LuccaConnector.home = home;
        try {
          LuccaConnector[method](options);
          return 'nothing was thrown';
        } catch (error) {
          return `${error.name}: ${error.message}`;
        } finally {
          LuccaConnector.home = before;
        }
      }, [method, options, home]);
  const good = { linkToken: 'lnk_flow', onSuccess: 'a function' };
  for (const [method, options, said, home] of [
    ['open', undefined, /open: an object with a linkToken is expected/],
    ['open', null, /an object with a linkToken is expected/],
    ['open', { onSuccess: 'a function' }, /a linkToken is needed/],
    ['open', { ...good, linkToken: 'pub_1' }, /linkToken is no link token/],
    ['open', { ...good, linkToken: 'lnk_../admin' }, /linkToken is no link token/],
    ['open', { ...good, linkToken: 7 }, /linkToken is no link token/],
    ['open', { linkToken: 'lnk_flow' }, /onSuccess must be a function/],
    ['open', { ...good, onExit: 'later' }, /onExit must be a function/],
    ['open', { ...good, onsuccess: 1 }, /there is no option onsuccess; there are linkToken, url, onSuccess/],
    ['open', { ...good, url: '/link/x' }, /url is no absolute address/],
    ['open', { ...good, url: 'javascript:alert(1)' }, /must begin with https/],
    ['open', good, /where the connector is cannot be told/, null],
    ['open', good, /LuccaConnector.home is no absolute address/, 'connect.example.com'],
    ['redirect', {}, /redirect: a linkToken is needed/],
    ['redirect', { ...good }, /there is no option onSuccess/],
  ]) {
    const text = await thrown(method, options, home);
    assert.match(text, said);
    assert.match(text, /^TypeError: LuccaConnector\./);
  }
  assert.equal(await page.locator('iframe').count(), 0);
  assertNoComplaints(page);
});

test('as a module from the connector it knows where that is', async () => {
  const page = await openVendor({}, '/module');
  await page.waitForFunction(() => globalThis.home);
  assert.equal(await page.evaluate(() => globalThis.home), `${connector.url}/`);
  await openFlow(page);
  assertNoComplaints(page);
});

test('the redirect goes to the flow', async () => {
  const page = await openVendor();
  await page.evaluate(() => LuccaConnector.redirect({ linkToken: 'lnk_flow' }));
  await page.waitForURL(`${connector.url}/link/lnk_flow`);
});

test('a blocked flow is reported in the language of the page', async () => {
  const page = await openPage({ language: 'en' });
  const warnings = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  await page.clock.install();
  await page.goto(`${vendor.otherUrl}/?lang=fr-CA`);
  await page.evaluate(() => void globalThis.openFlow('lnk_refused'));
  const dialog = page.getByRole('dialog', { name: 'Connecter Lucca' });
  await dialog.waitFor();
  const status = dialog.getByRole('status');
  await page.waitForFunction(() => document.querySelector('div').shadowRoot.querySelector('.status').textContent === '');
  await page.clock.fastForward(10_000);
  await page.waitForFunction(() => document.querySelector('div').shadowRoot.querySelector('.status').textContent !== '');
  assert.match(await status.textContent(), /ne semble pas aboutir/);
  assert.match(warnings.join('\n'), /allowed_origin exactly http:\/\/localhost:\d+, .* frame-src http:\/\/127\.0\.0\.1/);
  await dialog.getByRole('button', { name: 'Fermer' }).click();
  assert.deepEqual(await heard(page), LEFT('closed'));
});

for (const dark of [false, true]) {
  test(`on a phone the dialog fills the screen, ${dark ? 'dark' : 'light'}`, async () => {
    const page = await openVendor({ width: 360, height: 740, dark });
    await openFlow(page);
    assert.deepEqual(await page.getByRole('dialog').boundingBox(), { x: 0, y: 0, width: 360, height: 740 });
    const button = await page.getByRole('button', { name: 'Close' }).boundingBox();
    assert.ok(button.width >= 44 && button.height >= 44 && button.x + button.width <= 360);
    await assertNoSidewaysScrolling(page);
    await assertAccessible(page);
    await screenshot(page, `widget-360-${dark ? 'dark' : 'light'}`);
  });
}

test('the dialog respects reduced motion', async () => {
  for (const [motion, animations] of [[false, 0], [true, 1]]) {
    const page = await openVendor({ motion });
    const running = await page.evaluate(() => {
      globalThis.openFlow('lnk_flow');
      return document.querySelector('div').shadowRoot.querySelector('dialog').getAnimations().length;
    });
    assert.equal(running, animations);
  }
});

for (const [width, height] of [[1280, 900], [360, 740]]) {
  for (const dark of [false, true]) {
    const look = `${width}-${dark ? 'dark' : 'light'}`;

    test(`the embedded example links in a dialog, ${look}`, async () => {
      const page = await openPage({ width, height, dark });
      await page.goto(`${connector.url}/widget/examples/embedded.html`);
      await assertAccessible(page);
      await assertNoSidewaysScrolling(page);
      await screenshot(page, `example-embedded-${look}`, { fullPage: true });

      await page.getByLabel('Link token', { exact: true }).fill('nonsense');
      await page.getByRole('button', { name: 'Connect Lucca' }).click();
      assert.match(await page.getByRole('alert').textContent(), /linkToken is no link token/);
      await page.getByLabel('Link token', { exact: true }).fill(' lnk_example ');
      await page.getByRole('button', { name: 'Connect Lucca' }).click();
      await flow(page).getByRole('button', { name: 'Finish' }).waitFor();
      await screenshot(page, `example-embedded-open-${look}`);
      await flow(page).getByRole('button', { name: 'Finish' }).click();
      await page.locator('#public-token', { hasText: 'pub_first' }).waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
      assert.equal(await page.locator('#state').textContent(), 'Connected');
      assert.match(await page.locator('#events').textContent(), /step tenant.*success.*exit, because finished/s);
      await assertAccessible(page);
      await assertNoSidewaysScrolling(page);
      await screenshot(page, `example-embedded-linked-${look}`, { fullPage: true });
      assertNoComplaints(page);
    });

    test(`the redirect example leaves for the flow and shows what comes back, ${look}`, async () => {
      const page = await openPage({ width, height, dark });
      const example = `${connector.url}/widget/examples/redirect.html`;
      await page.goto(`${example}?public_token=pub_1%27%3B%20rm`);
      assert.equal(await page.locator('#result').isVisible(), false);
      await page.goto(`${example}?public_token=pub_Back-1`);
      assert.equal(await page.locator('#public-token').textContent(), 'pub_Back-1');
      assert.match(await page.locator('pre').last().textContent(), /"public_token": "pub_Back-1"/);
      assert.equal(page.url(), example);
      await assertAccessible(page);
      await assertNoSidewaysScrolling(page);
      await screenshot(page, `example-redirect-${look}`, { fullPage: true });
      await page.getByLabel('Link token', { exact: true }).fill('lnk_example');
      await page.getByRole('button', { name: 'Connect Lucca' }).click();
      await page.waitForURL(`${connector.url}/link/lnk_example`);
      assertNoComplaints(page);
    });
  }
}
