// The whole linking flow: in both languages, by keyboard, without JavaScript, on a phone, and with wrong input, steps back
// and cancellation.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { advance, CONFIG, hasHeading, inspect, isAt, isOver, PAGES, VENDOR, watchForKey, way, WORDS } from './flow.mjs';
import {
  assertNoComplaints, assertNoSidewaysScrolling, openPage, screenshot, startConnector, startTenant,
} from './support.mjs';

let tenant;
let connector;

before(async () => {
  [tenant, connector] = await Promise.all([startTenant({ employees: 300 }), startConnector({ config: CONFIG })]);
});

const EVERYTHING = ['employees', 'leaves', 'absence_requests', 'jobs', 'managers', 'qualifications', 'custom_fields'];

// Opens a new flow.
async function begin(options = {}, wanted = {}) {
  const page = await openPage(options);
  const made = await connector.createLinkToken({ features: EVERYTHING, language: options.language ?? 'en', ...wanted });
  await page.goto(made.url);
  return { page, made };
}

const entered = () => ({ tenant: `${tenant.url}/directory/people?tab=1`, key: tenant.apiKey });

// The focused element: its position in the document, whether the focus is visible, and whether it is on the screen.
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body || element === document.documentElement) return null;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const { top, bottom, width, height } = element.getBoundingClientRect();
    return {
      place: [...document.querySelectorAll('*')].indexOf(element),
      what: element.outerHTML.slice(0, 120),
      isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && !/, 0\)$/.test(outlineColor),
      isOnScreen: width > 0 && height > 0 && bottom > 0 && top < innerHeight,
    };
  });

// Tabs once through every focusable element, and out again.
async function tabThrough(page) {
  const tabbable = await page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, input, summary, select, textarea, [tabindex="0"]')].filter(
      (element) => !element.disabled && element.type !== 'hidden' && element.checkVisibility({ visibilityProperty: true }),
    ).map((element) => [...document.querySelectorAll('*')].indexOf(element)));
  const seen = [];
  for (let presses = 0; presses < 100; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at === null || at.place === seen[0]) break;
    assert.ok(at.isSeen, `the focus is not seen on ${at.what}`);
    assert.ok(at.isOnScreen, `${at.what} has the focus and is not on the screen`);
    seen.push(at.place);
  }
  assert.deepEqual(seen, tabbable, 'everything has its turn, in the order of the page');
}

// With the Tab key only.
async function tabTo(page, locator) {
  for (let presses = 0; presses < 200; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${locator} is not reached with Tab`);
}

describe('the linking flow', { concurrency: 3 }, () => {
  for (const language of ['en', 'fr']) {
    test(`the whole flow, each page looked at, ${language}`, async () => {
      const { page, made } = await begin({ language });
      const assertKeyNowhere = watchForKey(page);
      const atEach = async (step) => {
        await inspect(page, `${String(Object.keys(PAGES.en).indexOf(step)).padStart(2, '0')}-${step}`, language);
        await assertKeyNowhere(tenant.apiKey);
      };
      await advance(page, { to: 'done', language, ...entered(), atEach });
      assertNoComplaints(page);
      assert.ok(!connector.output().includes(tenant.apiKey));
      const { json } = await connector.api('GET', `/v1/linking-flows/${made.flow_id}`);
      assert.equal(json.status, 'finished');
      // Once linked, the link shows the result, and does not restart the flow.
      await page.goto(`${made.url}/tenant`);
      await isAt(page, 'sync', language);
    });
  }

  test('the summary shows the data of the tenant', async () => {
    const { page } = await begin();
    await advance(page, { to: 'summary', ...entered() });
    const shown = Object.fromEntries(
      await page.locator('dl.numbers > div').evaluateAll((all) =>
        all.map((one) => [one.querySelector('dt').textContent, Number(one.querySelector('strong').textContent.replace(/\D/g, ''))])),
    );
    assert.equal(shown.Employees, tenant.truth.people ?? tenant.truth.employees, JSON.stringify([shown, tenant.truth]));
  });

  for (const language of ['en', 'fr']) {
    test(`the company's own fields are named, and one is left out, ${language}`, async () => {
      const customer = `cust_own_fields_${language}`;
      const { page, made } = await begin({ language }, { customer_id: customer });
      await advance(page, { to: 'checks', language, ...entered() });
      await isOver(page);
      const boxes = page.locator('fieldset.ownfields input[type=checkbox]');
      const keys = await boxes.evaluateAll((all) => all.map((box) => box.value));
      assert.ok(keys.length > 1, 'the tenant has fields of its own');
      assert.ok(await boxes.evaluateAll((all) => all.every((box) => box.checked)), 'all are ticked at first');
      await inspect(page, 'checks-own-fields', language);
      await boxes.first().uncheck();
      await advance(page, { from: 'checks', to: 'done', language, ...entered() });
      const { json: flow } = await connector.api('GET', `/v1/linking-flows/${made.flow_id}`);
      const { json: account } = await connector.api('GET', `/v1/linked-accounts/${flow.linked_account_id}`);
      assert.deepEqual(account.excluded_custom_fields, [keys[0]]);
      assert.ok(account.field_groups.includes('custom_fields'));
      const { json: people } = await connector.api('GET', `/v1/linked-accounts/${flow.linked_account_id}/employees?limit=500`);
      const kept = new Set(people.items.flatMap((person) => Object.keys(person.custom_fields ?? {})));
      assert.ok(kept.size > 0 && !kept.has(keys[0]), [...kept].join());
      // Linking again shows the earlier choice.
      const { page: again } = await begin({ language }, { linked_account_id: flow.linked_account_id, customer_id: customer });
      await advance(again, { to: 'checks', language, ...entered() });
      await isOver(again);
      assert.equal(await again.locator(`fieldset.ownfields input[value="${keys[0]}"]`).isChecked(), false);
      assertNoComplaints(page);
    });
  }

  // ---- by keyboard -------------------------------------------------------------------------------------------------

  for (const language of ['en', 'fr']) {
    test(`by keyboard alone, ${language}`, async () => {
      const { page } = await begin({ language });
      const by = {
        press: async (what) => {
          await tabTo(page, what);
          await page.keyboard.press('Enter');
        },
        fill: async (what, text) => {
          await tabTo(page, what);
          await page.keyboard.type(text);
        },
      };
      const atEach = async (step) => {
        // Both have the same focusable elements.
        if (language === 'fr') await tabThrough(page);
        if (step === 'welcome') {
          // The space bar unchecks an optional feature.
          await tabTo(page, page.locator('#f-custom_fields'));
          await page.keyboard.press('Space');
          assert.equal(await page.locator('#f-custom_fields').isChecked(), false);
        }
        if (step === 'enter-key') {
          await tabTo(page, page.locator('#key'));
          await page.keyboard.press('Tab');
          await page.keyboard.press('Space');
          assert.equal(await page.locator('#key').getAttribute('type'), 'text');
          await screenshot(page, `flow-keyboard-enter-key-${language}`);
        }
        if (step === 'checks') assert.equal(await page.locator('ul.checks small', { hasText: 'HR' }).count(), 0);
      };
      await advance(page, { to: 'done', language, ...entered(), by, atEach });
      assertNoComplaints(page);
    });
  }

  test('the skip link leads to the content', async () => {
    const { page } = await begin();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement.closest('main') !== null));
  });

  // ---- without JavaScript, on a phone ------------------------------------------------------------------------------

  for (const [language, javaScript, width] of [['en', false, 360], ['fr', false, 1280], ['fr', true, 360]]) {
    test(`${javaScript ? 'with' : 'without'} JavaScript on a screen of ${width} pixels, ${language}`, async () => {
      const { page } = await begin({ language, javaScript, width, height: 740 });
      const atEach = async (step) => {
        await assertNoSidewaysScrolling(page);
        assert.equal(await page.locator('[data-copy]:visible').count() > 0, javaScript && ['key'].includes(step));
        if (!javaScript) await screenshot(page, `flow-plain-${step}-${language}-${width}`, { fullPage: true });
      };
      await advance(page, { to: 'done', language, ...entered(), atEach });
      assertNoComplaints(page);
    });
  }

  // ---- wrong input, back, cancellation ------------------------------------------------------------------------------

  for (const language of ['en', 'fr']) {
    test(`wrong input is explained and kept for correction, ${language}`, async () => {
      const { page } = await begin({ language });
      await advance(page, { to: 'tenant', language, ...entered() });
      for (const [text, name] of [['', 'empty'], ['someone@acme.example', 'e-mail'], ['https://acme.ilucca.com', 'ending']]) {
        await page.locator('#tenant').fill(text);
        await way(page, 'tenant', language).click();
        await page.getByRole('alert').getByRole('heading', { name: WORDS[language].problem }).waitFor();
        assert.equal(await page.locator('#tenant').inputValue(), text);
        assert.equal(await page.evaluate(() => document.activeElement.id), 'problem');
        if (name === 'ending') await inspect(page, 'error-tenant', language);
      }
      await advance(page, { from: 'tenant', to: 'enter-key', language, ...entered() });
      const assertKeyNowhere = watchForKey(page);
      const cut = tenant.apiKey.slice(0, -3);
      await page.locator('#key').fill(cut);
      await way(page, 'enter-key', language).click();
      await page.getByRole('alert').waitFor();
      assert.equal(await page.locator('#key').inputValue(), '');
      await inspect(page, 'error-key', language);
      await assertKeyNowhere(cut);
      // Perhaps the key of another tenant.
      const wrong = '01234567-89ab-cdef-0123-456789abcdef';
      await page.locator('#key').fill(wrong);
      await way(page, 'enter-key', language).click();
      await isAt(page, 'checks', language);
      await isOver(page);
      await page.locator('.problem').waitFor();
      await inspect(page, 'checks-refused', language);
      await assertKeyNowhere(wrong.replace('0123', ''));
      await page.locator('.problem + .actions').getByRole('link').first().click();
      await advance(page, { from: 'enter-key', to: 'checks', language, ...entered() });
      assertNoComplaints(page, /status of 422/);
    });
  }

  test('the address is read while it is typed', async () => {
    const { page } = await begin();
    await advance(page, { to: 'tenant', ...entered() });
    for (const [text, expected] of [
      ['acme.ilucca-test.ch/timmi', /https:\/\/acme\.ilucca-test\.ch.*Test: .*Swiss/s],
      ['https://ACME.ilucca.net./home?x=1#top', /https:\/\/acme\.ilucca\.net\b.*Production.*European/s],
      ['https://acme.ilucca.net.evil.example', /only looks like/],
    ]) {
      await page.locator('#tenant').fill(text);
      await page.locator('#preview', { hasText: expected }).waitFor();
    }
    await page.locator('#tenant').fill('acme-copy1.sandbox.eu1.luccasoftware.com');
    await page.locator('#preview dl').waitFor();
    await inspect(page, 'tenant-preview', 'en');
    assertNoComplaints(page);
  });

  test('going back or switching language loses no input', async () => {
    const { page } = await begin({ language: 'fr' });
    await page.locator('#f-leaves').uncheck();
    await advance(page, { to: 'key', language: 'fr', ...entered() });
    await page.getByRole('button', { name: 'English' }).click();
    await isAt(page, 'key', 'en');
    for (const step of ['tenant', 'access', 'welcome']) {
      await page.getByRole('link', { name: WORDS.en.back }).click();
      await isAt(page, step, 'en');
      if (step === 'tenant') assert.equal(await page.locator('#tenant').inputValue(), tenant.url);
    }
    assert.equal(await page.locator('#f-leaves').isChecked(), false);
    assert.equal(await page.locator('#f-jobs').isChecked(), true);
    await page.getByRole('navigation').getByRole('link', { name: 'API key' }).click();
    await isAt(page, 'key', 'en');
    await page.goBack();
    await isAt(page, 'welcome', 'en');
    assertNoComplaints(page);
  });

  for (const language of ['en', 'fr']) {
    test(`stopped, and unknown links, ${language}`, async () => {
      const { page, made } = await begin({ language });
      await advance(page, { to: 'enter-key', language, ...entered() });
      await page.getByRole('button', { name: WORDS[language].leave }).click();
      await hasHeading(page, { en: 'Nothing was connected', fr: 'Rien n’a été connecté' }[language]);
      await inspect(page, 'stopped', language);
      const { json } = await connector.api('GET', `/v1/linking-flows/${made.flow_id}`);
      assert.equal(json.status, 'cancelled');
      await page.goto(made.url);
      await hasHeading(page, { en: 'This invitation was withdrawn', fr: 'Cette invitation a été retirée' }[language]);
      await inspect(page, 'withdrawn', language);
      await page.goto(`${made.url.slice(0, -4)}zzzz`);
      await hasHeading(page, { en: 'This link is not known', fr: 'Ce lien est inconnu' }[language]);
      assert.ok((await page.locator('main').textContent()).includes(VENDOR));
      await inspect(page, 'unknown', language);
      assertNoComplaints(page, /status of (404|410)/);
    });
  }
});
