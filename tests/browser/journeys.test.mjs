// The linking flow as its users go through it, in a real browser, against the real service and an emulated tenant.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import {
  assertAccessible, assertNoComplaints, assertNoSidewaysScrolling, doWhatCloses, openPage, screenshot, startConnector,
  startServer, startTenant,
} from './support.mjs';

const CONFIG = `
[vendor]
name = "Example People"
privacy_url = "https://example.com/privacy"
support_email = "help@example.com"
[linking]
requests_per_minute = 0
same_tenant = "allow"
`;
// A form that is shown again says so with its status, which Chromium writes to the console.
const EXPECTED = /status of 4\d\d/;

let tenant;
let connector;
let customers = 0;
before(async () => {
  [tenant, connector] = await Promise.all([startTenant({ employees: 300 }), startConnector({ config: CONFIG })]);
});

const invite = (wanted = {}) => {
  customers += 1;
  return connector.createLinkToken({
    customer_id: `customer-${customers}`,
    features: ['employees', 'leaves', 'absence_requests', 'jobs', 'managers', 'qualifications', 'custom_fields'],
    return_url: 'http://localhost/back',
    ...wanted,
  });
};
const step = (page, name) => page.waitForURL(new RegExp(`/link/[^/]+/${name}$`));
const go = (page) => page.locator('main form button.primary').first().click();

/** From the first page to where the key is asked for. `seen` looks at each page on the way. */
async function upToKey(page, url, seen = async () => {}) {
  await page.goto(url);
  await seen('welcome');
  await go(page);
  await step(page, 'access');
  await seen('access');
  await page.locator('button[value=yes]').click();
  await step(page, 'tenant');
  await page.locator('#tenant').fill(tenant.url);
  await seen('tenant');
  await go(page);
  await step(page, 'key');
  await seen('key');
  await go(page);
  await step(page, 'role');
  await seen('role');
  await go(page);
  await step(page, 'enter-key');
  await seen('enter-key');
}

/** From the key to the end. */
async function fromKey(page, seen = async () => {}) {
  await page.locator('#key').fill(tenant.apiKey);
  await go(page);
  const link = page.locator('form[action$="checks/link"] button').first();
  await link.waitFor();
  await seen('checks');
  await link.click();
  const summary = page.locator('a.primary[href$="/summary"]');
  await summary.waitFor({ timeout: 60_000 });
  await seen('sync');
  await summary.click();
  await step(page, 'summary');
  await seen('summary');
  await go(page);
  await page.locator('h1').waitFor();
  await seen('done');
}

/** The linked account that the end of a flow stands for. */
async function exchange(page) {
  const back = await page.locator('main a.primary').getAttribute('href');
  const token = new URL(back).searchParams.get('public_token');
  const answer = await connector.api('POST', '/v1/public-tokens/exchange', { public_token: token });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

for (const { language, dark, width } of [
  { language: 'en', dark: false, width: 1280 },
  { language: 'fr', dark: true, width: 360 },
  { language: 'fr', dark: false, width: 1280 },
  { language: 'en', dark: true, width: 360 },
]) {
  test(`the whole flow: ${language}, ${dark ? 'dark' : 'light'}, ${width} px`, async () => {
    const page = await openPage({ language, dark, width });
    const seen = async (name) => {
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      await screenshot(page, `flow-${language}-${dark ? 'dark' : 'light'}-${width}-${name}`, { fullPage: true });
      await assertAccessible(page);
      await assertNoSidewaysScrolling(page);
      const html = await page.content();
      assert.ok(!page.url().includes(tenant.apiKey) && !html.includes(tenant.apiKey), `the key is shown on ${name}`);
    };
    await upToKey(page, (await invite({ language })).url, seen);
    await fromKey(page, seen);
    const account = await exchange(page);
    assert.equal(account.status, 'linked');
    const kept = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
    assert.deepEqual(kept, ['', 0, 0], 'nothing is kept in the browser');
    assertNoComplaints(page, EXPECTED);
    assert.ok(!connector.output().includes(tenant.apiKey), 'the key is in the log');
  });
}

test('what is pasted is told while it is typed, and refused in place', async () => {
  const page = await openPage();
  await page.goto((await invite()).url);
  await go(page);
  await page.locator('button[value=yes]').click();
  for (const [text, told] of [['me@acme.example', 'e-mail'], ['https://acme.ilucca.xyz', 'ending'], ['acme', 'acme.ilucca.net']]) {
    await page.locator('#tenant').fill('');
    await page.locator('#tenant').pressSequentially(text);
    await page.locator('#preview').getByText(told).first().waitFor();
  }
  await page.locator('#tenant').fill('me@acme.example');
  await go(page);
  await page.locator('#problem').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'problem', 'focus is on what is wrong');
  assert.match(await page.title(), /problem/i);
  await assertAccessible(page);
});

test('by keyboard only', async () => {
  const page = await openPage();
  await page.goto((await invite()).url);
  const press = async (name, key = 'Enter') => {
    for (let tabs = 0; tabs < 60; tabs += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return { text: element.id || element.textContent.trim(), outline: outlineStyle !== 'none' && outlineWidth !== '0px' };
      });
      if (focused.text.startsWith(name)) {
        assert.ok(focused.outline, `${name} shows that it has the focus`);
        if (key) await page.keyboard.press(key);
        return;
      }
    }
    assert.fail(`${name} is not reached with the tabulator`);
  };
  await press('Start');
  await step(page, 'access');
  await press('Yes, I see');
  await step(page, 'tenant');
  await press('tenant', null);
  await page.keyboard.type(tenant.url);
  await page.keyboard.press('Enter');
  await step(page, 'key');
  await press('The key is created');
  await step(page, 'role');
  await press('The role is saved');
  await step(page, 'enter-key');
  await press('key', null);
  await page.keyboard.type(tenant.apiKey);
  await page.keyboard.press('Enter');
  await step(page, 'checks');
  await page.locator('form[action$="checks/link"]').first().waitFor();
  await press('Connect and start');
  await step(page, 'sync');
  await page.locator('a.primary[href$="/summary"]').waitFor({ timeout: 60_000 });
  await press('See the summary');
  await step(page, 'summary');
  await press('Finish');
  await page.getByRole('heading', { name: 'Lucca is connected' }).waitFor();
});

test('without JavaScript, on a phone', async () => {
  const page = await openPage({ javaScript: false, width: 360, language: 'fr' });
  await upToKey(page, (await invite({ language: 'fr' })).url);
  assert.equal(await page.locator('[data-copy]:visible').count(), 0, 'no button that does nothing');
  await fromKey(page);
  assert.equal((await exchange(page)).status, 'linked');
});

test('gone on with in a second browser, and handed over by mail', async () => {
  const first = await openPage();
  const { url } = await invite();
  await first.goto(url);
  await go(first);
  await first.locator('button[value=no]').click();
  await step(first, 'hand-over');
  await go(first);
  const mail = new URL(await first.locator('main a.primary').getAttribute('href'));
  const body = mail.searchParams.get('body');
  const [handed] = body.match(/http\S+\/link\/lnk_\S+/);
  assert.notEqual(handed, url);
  await assertAccessible(first);

  const second = await openPage();
  await upToKey(second, handed);
  const third = await openPage();
  await third.goto(url);
  await step(third, 'enter-key');
  await fromKey(third);
  assert.equal((await exchange(third)).tenant, tenant.url);
  await second.reload();
  await step(second, 'sync');
});

test('linked again: the account keeps its id', async () => {
  const page = await openPage();
  await upToKey(page, (await invite({ customer_id: 'again' })).url);
  await fromKey(page);
  const account = await exchange(page);
  await upToKey(page, (await invite({ customer_id: 'again', account_id: account.id })).url);
  await fromKey(page);
  assert.equal((await exchange(page)).id, account.id);
});

test('embedded in a page of another origin', async () => {
  const page = await openPage({ width: 1100 });
  const host = await startServer(() => ({
    type: 'text/html',
    body: `<!doctype html><html lang="en"><title>Vendor</title><h1>Vendor</h1><button>Connect</button>
      <script src="${connector.url}/widget/lucca-connector.js"></script><script>
      window.heard = [];
      document.querySelector('button').onclick = () => LuccaConnector.open({
        linkToken: location.hash.slice(1),
        onSuccess: ({ publicToken }) => { window.publicToken = publicToken; },
        onExit: ({ reason }) => heard.push('exit ' + reason),
        onEvent: ({ type, step }) => heard.push(type + ' ' + (step ?? '')),
      });</script></html>`,
  }));
  const origin = new URL(host.otherUrl).origin;
  const { token } = await invite({ allowed_origin: origin, return_url: undefined });
  await page.goto(`${origin}/#${token}`);
  await page.locator('button').click();
  const frame = page.frameLocator('iframe');
  const next = (name) => frame.locator(`body[data-step="${name}"]`).waitFor({ state: 'attached' });
  const press = () => frame.locator('main form button.primary').first().click();
  await press();
  await next('access');
  await frame.locator('button[value=yes]').click();
  await next('tenant');
  await frame.locator('#tenant').fill(tenant.url);
  await press();
  await next('key');
  await press();
  await next('role');
  await press();
  await next('enter-key');
  await frame.locator('#key').fill(tenant.apiKey);
  await press();
  await frame.locator('form[action$="checks/link"] button').first().click();
  await frame.locator('a.primary[href$="/summary"]').click({ timeout: 60_000 });
  await next('summary');
  await press();
  await next('done');
  await page.waitForFunction(() => window.publicToken);
  const publicToken = await page.evaluate(() => window.publicToken);
  const answer = await connector.api('POST', '/v1/public-tokens/exchange', { public_token: publicToken });
  assert.equal(answer.status, 200, answer.text);
  const closed = () => page.waitForFunction(() => window.heard.at(-1) === 'exit finished');
  await doWhatCloses(frame.locator('[data-exit]').click(), closed());

  // A link for another origin is not shown here.
  const other = await invite({ allowed_origin: 'https://app.example.com', return_url: undefined });
  await page.goto(`${origin}/#${other.token}`);
  await page.reload();
  await page.locator('button').click();
  await page.waitForFunction(() => document.querySelectorAll('*').length > 0);
  await assert.rejects(frame.locator('main h1').waitFor({ timeout: 2000 }));
});

const MISSING = [
  ['see_future', 'See future employees', 'Voir les futurs employés'],
  ['see_former', 'See former employees', 'Voir les employés partis'],
  ['view_users', 'Consult / create / modify users', 'Consulter / créer / modifier les utilisateurs'],
  ['view_contracts', 'Consult contractual information', 'Consulter les informations contractuelles'],
  ['view_jobs', 'View employee jobs', 'Consulter les postes'],
  ['view_managers', 'View employee managers', 'Consulter les managers'],
  ['view_qualifications', 'View employee qualifications', 'Consulter les qualifications'],
  ['consult_leaves', 'Consult leaves', 'Consult leaves'],
];
test('each right that is missing is named, and found when it is given', async () => {
  // A tenant of its own: the others' keys keep their rights.
  const other = await startTenant({ employees: 300, seed: 3 });
  const page = await openPage();
  for (const [at, [right, english, french]] of MISSING.entries()) {
    const language = at % 2 === 0 ? 'en' : 'fr';
    await other.setRights({ ...other.fullRights, [right]: false });
    await page.goto((await invite({ language })).url);
    await go(page);
    await page.locator('button[value=yes]').click();
    await page.locator('#tenant').fill(other.url);
    await go(page);
    await step(page, 'key');
    await go(page);
    await step(page, 'role');
    await go(page);
    await page.locator('#key').fill(other.apiKey);
    await go(page);
    await page.locator('form[action$="checks/link"], form[action$="checks/again"]').first().waitFor();
    const line = page.locator('.checks li').filter({ hasText: language === 'en' ? english : french }).first();
    await line.waitFor();
    assert.doesNotMatch(await line.getAttribute('class'), /granted/, `${right} is called granted`);
    await screenshot(page, `flow-${language}-without-${right}`, { fullPage: true });
    await assertAccessible(page);
    await other.setRights(other.fullRights);
    await page.locator('form[action$="checks/again"] button').first().click();
    await page.locator('form[action$="checks/link"]').first().waitFor();
    await page.locator('.checks li.granted').filter({ hasText: language === 'en' ? english : french }).first().waitFor();
  }
});

test('leaving, and links that open nothing', async () => {
  const page = await openPage({ language: 'fr' });
  const { url } = await invite({ language: 'fr' });
  await page.goto(url);
  await page.getByRole('button', { name: 'Arrêter et quitter' }).click();
  await page.getByRole('heading', { name: 'Rien n’a été connecté' }).waitFor();
  await assertAccessible(page);
  await page.goto(url);
  await page.getByRole('heading', { name: 'Cette invitation a été retirée' }).waitFor();
  await assertAccessible(page);
  await page.goto(`${connector.url}/link/lnk_nothing`);
  await page.getByRole('heading', { name: 'Ce lien est inconnu' }).waitFor();
  await assertAccessible(page);
});
