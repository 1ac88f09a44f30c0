// The linking flow across several windows: embedded by the vendor's page, returning by redirect, continued on a second
// device, handed over to an administrator, and repeated.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { CONFIG, advance, hasHeading, inspect, isAt, PAGES, VENDOR, watchForKey, way, WORDS } from './flow.mjs';
import {
  assertAccessible, assertNoComplaints, assertNoSidewaysScrolling, complaints, closeAndWait, newPage, openPage, screenshot,
  startConnector, startServer, startTenant,
} from './support.mjs';

let tenant;
let connector;
let vendor;
let stranger;

before(async () => {
  [tenant, connector, vendor, stranger] = await Promise.all([
    startTenant({ employees: 60 }), startConnector({ config: CONFIG }), startServer(answerAsVendor), startServer(answerAsStranger),
  ]);
});

// The vendor's app: a button that opens the flow of the link token in its address, and the page to return to.
function answerAsVendor({ url }) {
  const { pathname, searchParams } = new URL(url, 'http://any');
  if (pathname !== '/') return { body: '<!doctype html><html lang="en"><title>Back</title><h1>Back</h1>' };
  return {
    body: `<!doctype html><html lang="en"><head><title>Settings</title><meta name="viewport" content="width=device-width">
      <script src="${connector.url}/widget/lucca-connector.js"></script></head>
      <body><main><h1>Settings</h1><button id="opener">Connect Lucca</button></main><script>
      const heard = [];
      document.getElementById('opener').addEventListener('click', () => LuccaConnector.open({
        linkToken: '${searchParams.get('token')}',
        onSuccess: (success) => heard.push(['success', success, Date.now()]),
        onExit: (exit) => heard.push(['exit', exit]),
        onEvent: ({ type, step }) => heard.push(['event', step ?? type]),
      }));
      </script></body></html>`,
  };
}

// A foreign site that frames the flow.
function answerAsStranger({ url }) {
  const { searchParams } = new URL(url, 'http://any');
  return { body: `<!doctype html><html lang="en"><title>Stranger</title><iframe src="${searchParams.get('frame')}"></iframe>` };
}

const entered = () => ({ tenant: tenant.url, key: tenant.apiKey });
const exchange = (publicToken) => connector.api('POST', '/v1/public-tokens/exchange', { public_token: publicToken });

// Opens the flow in the widget; returns the vendor's page and the frame with the flow.
async function embed(options = {}, wanted = {}) {
  const made = await connector.createLinkToken({ allowed_origin: vendor.otherUrl, language: options.language ?? 'en', ...wanted });
  const page = await openPage(options);
  await page.goto(`${vendor.otherUrl}/?token=${made.token}`);
  await page.getByRole('button', { name: 'Connect Lucca' }).click();
  const element = await page.waitForSelector('iframe');
  const frame = await element.contentFrame();
  await isAt(frame, 'welcome', options.language);
  return { page, frame, made };
}

const heard = (page) => page.evaluate('heard');

describe('the flow across windows', { concurrency: 2 }, () => {
  for (const [language, width, dark] of [['en', 1280, false], ['fr', 360, true]]) {
    test(`embedded from another origin, ${language}`, async () => {
      const { page, frame } = await embed({ language, width, height: 740, dark });
      const assertKeyNowhere = watchForKey(page);
      const atEach = async (step) => {
        await assertNoSidewaysScrolling(page);
        // Only the dialog around the page is new: other tests check the pages themselves.
        if (['welcome', 'enter-key', 'done'].includes(step)) await assertAccessible(page);
        await screenshot(page, `flow-embedded-${step}-${language}-${width}`);
        assert.ok(!(await frame.content()).includes(tenant.apiKey));
      };
      await advance(frame, { to: 'done', language, ...entered(), atEach });
      await page.waitForFunction('heard.some(([what]) => what === "success")');
      const [[, { publicToken }], ...more] = (await heard(page)).filter(([what]) => what === 'success');
      assert.deepEqual(more, []);
      const steps = (await heard(page)).filter(([what, step]) => what === 'event' && step in PAGES.en).map(([, step]) => step);
      assert.deepEqual([...new Set(steps)], Object.keys(PAGES.en));
      const { status, json } = await exchange(publicToken);
      assert.equal(status, 200);
      assert.equal(json.customer_id, 'customer-1');
      assert.equal((await exchange(publicToken)).status, 404);
      await assertKeyNowhere(tenant.apiKey);
      const closed = page.waitForFunction('heard.at(-1)[0] === "exit"');
      const close = frame.getByRole('button', { name: { en: 'Return to', fr: 'Revenir à' }[language] });
      await closeAndWait(close.click(), closed);
      assert.deepEqual((await heard(page)).at(-1), ['exit', { reason: 'finished' }]);
      assertNoComplaints(page);
    });
  }

  // Logs the delay between linking and the success event; returns the public token.
  async function assertSuccess(t, page, made) {
    await page.waitForFunction('heard.some(([what]) => what === "success")');
    const [[, { publicToken }, at], ...more] = (await heard(page)).filter(([what]) => what === 'success');
    assert.deepEqual(more, []);
    const { json: flow } = await connector.api('GET', `/v1/linking-flows/${made.flow_id}`);
    assert.equal(flow.status, 'finished');
    t.diagnostic(`heard ${at - Date.parse(flow.finished_at)} ms after linking`);
    return publicToken;
  }

  for (const [how, close] of [
    ['the close button', (page) => page.getByRole('button', { name: 'Close' }).click()],
    ['Escape', (page) => page.getByRole('button', { name: 'Close' }).press('Escape')],
  ]) {
    test(`closing by ${how} while linking still notifies the vendor`, async (t) => {
      const { page, frame, made } = await embed({}, { customer_id: `customer-${how}` });
      await advance(frame, { to: 'checks', ...entered() });
      await way(frame, 'checks').click({ noWaitAfter: true });
      await close(page);
      const publicToken = await assertSuccess(t, page, made);
      await page.waitForFunction('heard.at(-1)[0] === "exit"');
      assert.deepEqual((await heard(page)).at(-1), ['exit', { reason: 'finished' }]);
      assert.equal((await exchange(publicToken)).status, 200);
      assertNoComplaints(page);
    });
  }

  test('closing on the sync page keeps the result', async (t) => {
    const { page, frame, made } = await embed({}, { customer_id: 'customer-sync' });
    await advance(frame, { to: 'checks', ...entered() });
    await way(frame, 'checks').click();
    await isAt(frame, 'sync');
    const publicToken = await assertSuccess(t, page, made);
    await page.getByRole('button', { name: 'Close' }).click();
    assert.deepEqual((await heard(page)).at(-1), ['exit', { reason: 'finished' }]);
    assert.equal((await exchange(publicToken)).status, 200);
  });

  test('with the tab closed as it links, the link says so again', async (t) => {
    const { page, frame, made } = await embed({}, { customer_id: 'customer-tab' });
    await advance(frame, { to: 'checks', ...entered() });
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/checks/link'));
    await way(frame, 'checks').click({ noWaitAfter: true });
    await sent;
    // A request that the browser has not sent yet is lost with the tab: the account would not be linked.
    await new Promise((resume) => { setTimeout(resume, 50); });
    await page.close();
    // After a reload of the vendor's page, the success event repeats as long as the token can be exchanged.
    for (let times = 0; times < 2; times += 1) {
      const again = await openPage();
      await again.goto(`${vendor.otherUrl}/?token=${made.token}`);
      await again.getByRole('button', { name: 'Connect Lucca' }).click();
      const publicToken = await assertSuccess(t, again, made);
      if (times === 1) assert.equal((await exchange(publicToken)).status, 200);
    }
    const after = await openPage();
    await after.goto(`${vendor.otherUrl}/?token=${made.token}`);
    await after.getByRole('button', { name: 'Connect Lucca' }).click();
    const already = await (await after.waitForSelector('iframe')).contentFrame();
    await hasHeading(already, 'Lucca is already connected');
    await inspect(after, 'already-connected', 'en');
    await after.getByRole('button', { name: 'Close' }).click();
    assert.deepEqual((await heard(after)).filter(([what]) => what !== 'event'), [['exit', { reason: 'finished' }]]);
  });

  test('finished on a second device, or from a mail, the first one hears of it', async (t) => {
    for (const mailed of [false, true]) {
      const { page, made } = await embed({}, { customer_id: `customer-second-${mailed}`, mailed });
      const second = await openPage();
      await second.goto(made.url);
      await advance(second, { to: 'sync', ...entered() });
      const publicToken = await assertSuccess(t, page, made);
      await page.getByRole('button', { name: 'Close' }).click();
      assert.deepEqual((await heard(page)).at(-1), ['exit', { reason: 'finished' }]);
      assert.equal((await exchange(publicToken)).status, 200);
      assertNoComplaints(page);
      assertNoComplaints(second);
    }
  });

  test('embedded and stopped, the vendor hears of it', async () => {
    const { page, frame } = await embed();
    await advance(frame, { to: 'access' });
    const closed = page.waitForFunction('heard.some(([what]) => what === "exit")');
    await closeAndWait(frame.getByRole('button', { name: WORDS.en.leave }).click(), closed);
    assert.deepEqual((await heard(page)).at(-1), ['exit', { reason: 'cancelled' }]);
    assert.equal(await page.locator('iframe').count(), 0);
    assertNoComplaints(page);
  });

  test('only the origin of the link token may embed it', async () => {
    const { url } = await connector.createLinkToken({ allowed_origin: vendor.otherUrl });
    const { url: unembedded } = await connector.createLinkToken();
    // The same server under its other name is a different origin.
    for (const [framing, framed] of [[stranger.otherUrl, url], [vendor.url, url], [stranger.otherUrl, unembedded]]) {
      const page = await openPage();
      const embeds = framing === vendor.url ? `${framing}/?token=${framed.split('/').pop()}` : `${framing}/?frame=${framed}`;
      await page.goto(embeds);
      const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
      if (framing === vendor.url) await page.getByRole('button', { name: 'Connect Lucca' }).click();
      else await page.reload();
      await refused;
      for (const frame of page.frames().slice(1)) assert.equal(await way(frame, 'welcome').count(), 0);
      assert.ok(complaints(page).length > 0);
      assertNoComplaints(page, /frame-ancestors/);
    }
  });

  test('the redirect returns with a public token', async () => {
    const { url } = await connector.createLinkToken({ return_url: `${vendor.otherUrl}/back?tab=lucca`, language: 'fr' });
    const page = await openPage({ language: 'fr' });
    await page.goto(url);
    await advance(page, { to: 'sync', language: 'fr', ...entered() });
    // An administrator may return without waiting for the sync.
    const early = await page.getByRole('link', { name: `Revenir à ${VENDOR}` }).getAttribute('href');
    await advance(page, { from: 'sync', to: 'done', language: 'fr' });
    assert.equal(await page.getByRole('link', { name: `Revenir à ${VENDOR}` }).getAttribute('href'), early);
    await page.getByRole('link', { name: `Revenir à ${VENDOR}` }).click();
    await hasHeading(page, 'Back');
    const { origin, pathname, searchParams } = new URL(page.url());
    assert.deepEqual([origin, pathname, searchParams.get('tab')], [vendor.otherUrl, '/back', 'lucca']);
    const { status, json } = await exchange(searchParams.get('public_token'));
    assert.equal(status, 200);
    assert.match(json.id, /^acct_/);
    assertNoComplaints(page);
  });

  test('a second device continues where the first one was', async () => {
    const { url } = await connector.createLinkToken();
    const first = await openPage();
    await first.goto(url);
    await first.locator('#f-leaves').uncheck();
    await advance(first, { to: 'role', ...entered() });
    await first.getByText('Continue on another device').click();
    const link = await first.locator('#device').inputValue();
    const second = await openPage({ width: 360, height: 740, dark: true });
    await second.goto(link);
    await advance(second, { from: 'role', to: 'checks', ...entered() });
    // The first device shows what the second one did, and neither has the key.
    await first.goto(url);
    await advance(first, { from: 'checks', to: 'summary' });
    await second.reload();
    await isAt(second, 'sync');
    assertNoComplaints(first);
    assertNoComplaints(second);
  });

  for (const language of ['en', 'fr']) {
    test(`handed over by mail, ${language}`, async () => {
      const { url, flow_id: flow } = await connector.createLinkToken({ language });
      const words = WORDS[language];
      const page = await openPage({ language });
      await page.goto(url);
      await advance(page, { to: 'key', language, ...entered() });
      await page.getByRole('link', { name: words.notAdministrator }).click();
      await inspect(page, 'hand-over', language);
      await page.getByRole('button', { name: words.makeLink }).click();
      await inspect(page, 'handed-over', language);
      const mail = new URL(await page.getByRole('link', { name: words.write }).getAttribute('href'));
      assert.equal(mail.protocol, 'mailto:');
      assert.equal(mail.searchParams.get('subject'), PAGES[language].welcome[0]);
      const [link] = /http\S+/.exec(mail.searchParams.get('body'));
      assert.notEqual(link, url);
      assert.equal(await page.locator('#handed').inputValue(), link);

      const administrator = await openPage({ language });
      await administrator.goto(link);
      await advance(administrator, { from: 'key', to: 'summary', language, ...entered() });
      // The user who handed over sees the progress, and then the result behind the link.
      await isAt(page, 'sync', language);
      await page.goto(url);
      await hasHeading(page, { en: 'Lucca is already connected', fr: 'Lucca est déjà connecté' }[language]);
      await way(administrator, 'summary', language).click();
      await isAt(administrator, 'done', language);
      const { json } = await connector.api('GET', `/v1/linking-flows/${flow}`);
      assert.equal(json.status, 'finished');
      for (const one of [page, administrator]) assertNoComplaints(one);
    });
  }

  test('a user without the right to make keys is led to the hand-over', async () => {
    const page = await openPage();
    await page.goto((await connector.createLinkToken()).url);
    await advance(page, { to: 'access' });
    await page.getByRole('button', { name: 'No, hand over to an administrator' }).click();
    await hasHeading(page, 'Hand over to an administrator');
    await page.getByRole('link', { name: WORDS.en.back }).click();
    await isAt(page, 'access');
  });

  test('linked again, the account is the same', async () => {
    const customer = { customer_id: 'customer-again' };
    const link = async (wanted, atEach) => {
      const { url } = await connector.createLinkToken({ ...customer, ...wanted, return_url: `${vendor.otherUrl}/back` });
      const page = await openPage();
      await page.goto(url);
      await advance(page, { to: 'done', ...entered(), atEach: (step) => atEach?.(page, step) });
      await page.locator('main .primary').click();
      await hasHeading(page, 'Back');
      assertNoComplaints(page);
      return (await exchange(new URL(page.url()).searchParams.get('public_token'))).json.id;
    };
    const id = await link({});
    const again = await link({ linked_account_id: id }, async (page, step) => {
      if (step === 'welcome') {
        assert.ok((await page.locator('main .note').textContent()).includes(new URL(tenant.url).host));
        await inspect(page, 'again-welcome', 'en');
      }
      // The tenant is prefilled.
      if (step === 'tenant') await screenshot(page, 'flow-again-tenant');
    });
    assert.equal(again, id);
    // Another tenant can't be linked to the same account.
    const { url } = await connector.createLinkToken({ ...customer, linked_account_id: id });
    const page = await openPage();
    await page.goto(url);
    await advance(page, { to: 'tenant' });
    await page.locator('#tenant').fill(vendor.url);
    await way(page, 'tenant').click();
    await page.getByRole('alert').getByText('renews the connection').waitFor();
    await inspect(page, 'again-other-tenant', 'en');
    const tab = await newPage(page.context());
    await tab.goto(url);
    await isAt(tab, 'tenant');
  });
});
