// The texts of the checks for a key that lacks a right, in both languages, and after the right is granted. The doctor's
// verdicts are tested with the doctor; these tests read them on the page.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { CONFIG, advance, inspect, isAt, way, WORDS } from './flow.mjs';
import { assertNoComplaints, openPage, startConnector, startTenant } from './support.mjs';

const EVERYTHING = ['employees', 'leaves', 'absence_requests', 'jobs', 'managers', 'qualifications', 'custom_fields'];

// Lucca's labels of its checkboxes; no French label is known for leaves and absence requests.
const BOXES = {
  view_users: ['Consult / create / modify users', 'Consulter / créer / modifier les utilisateurs'],
  see_future: ['See future employees', 'Voir les futurs employés'],
  see_former: ['See former employees', 'Voir les employés partis'],
  view_contracts: ['Consult contractual information of employees', 'Consulter les informations contractuelles des collaborateurs'],
  view_jobs: ['View employee jobs', 'Consulter les postes des collaborateurs'],
  view_managers: ['View employee managers', 'Consulter les managers des collaborateurs'],
  view_qualifications: ['View employee qualifications', 'Consulter les qualifications des collaborateurs'],
  consult_leaves: ['Consult leaves', 'Consult leaves'],
  make_absence_requests: ['Make absence requests', 'Make absence requests'],
  hr_file: ['Consult HR files', 'Consulter le dossier du personnel'],
};
const ALL = Object.keys(BOXES);
const REQUIRED = ['view_users', 'see_future', 'see_former'];

let tenant;
let connector;
before(async () => {
  [tenant, connector] = await Promise.all([startTenant({ employees: 300 }), startConnector({ config: CONFIG })]);
});

let keys = 0;
// Makes a new key without `rights`; returns it with a function that grants it every right.
async function keyWithout(rights) {
  keys += 1;
  const name = `key ${keys}`;
  const key = `00000000-0000-4000-8000-${String(keys).padStart(12, '0')}`;
  const set = (lacking) => {
    const none = (right) => (right === 'hr_file' ? {} : false);
    const taken = Object.fromEntries(lacking.map((right) => [right, none(right)]));
    return tenant.control('POST', '/keys', { name, key, rights: { ...tenant.fullRights, ...taken } });
  };
  await set(rights);
  return { key, giveAll: () => set([]) };
}

// The lines of the checks by box: look, text, whether they can be confirmed.
async function linesOf(page, language) {
  const lines = await page.locator('ul.checks > li').evaluateAll((all) =>
    all.map((one) => ({
      box: one.querySelector('small')?.textContent,
      look: one.className,
      text: one.textContent.replace(/\s+/g, ' '),
      asks: one.querySelector('button') !== null,
    })));
  const labels = language === 'fr' ? 1 : 0;
  return Object.fromEntries(ALL.map((right) => [right, lines.find(({ box }) => box === BOXES[right][labels])]));
}

const isFine = ({ look }) => ['granted', 'done'].includes(look);

// Lacking rights, and the look of the lines that are not granted: `missing` is proven, `unsure` asks for confirmation,
// `waiting` depends on another box. Whether a lacking right on future or former employees can be proven depends on the data.
const EITHER = /^(missing|unsure)$/;
const CASES = [
  [['view_users'], {
    view_users: /^missing$/, see_future: /^waiting$/, see_former: /^waiting$/, view_contracts: /^waiting$/, view_jobs: /^waiting$/,
    view_managers: /^waiting$/, view_qualifications: /^waiting$/, hr_file: /^waiting$/,
  }],
  [['see_future'], { see_future: EITHER }],
  [['see_former'], { see_former: EITHER }],
  [['see_future', 'see_former'], { see_future: EITHER, see_former: EITHER }],
  [['view_contracts'], { view_contracts: /^missing$/ }],
  [['view_jobs'], { view_jobs: /^unsure$/ }],
  [['view_managers'], { view_managers: /^unsure$/ }],
  [['view_qualifications'], { view_qualifications: /^unsure$/ }],
  [['consult_leaves'], { consult_leaves: /^missing$/, make_absence_requests: /^unsure$/ }],
  // Requests can be read without this right.
  [['make_absence_requests'], {}],
  [['hr_file'], { hr_file: /^missing$/ }],
  [ALL, {
    ...Object.fromEntries(ALL.map((right) => [right, /^waiting$/])), view_users: /^missing$/, make_absence_requests: /^unsure$/,
  }],
  [[], {}],
];

// Checks that the lines name exactly the lacking rights, by the labels of Lucca's boxes.
async function assertLines(page, expected, language) {
  const lines = await linesOf(page, language);
  for (const right of ALL) {
    const line = lines[right];
    assert.ok(line, `no line of ${right} in ${language}`);
    if (expected[right] === undefined) {
      assert.ok(isFine(line), `${right} is there, but: ${line.text}`);
      continue;
    }
    assert.match(line.look, expected[right], line.text);
    // A line that depends on another box names none to tick, and asks for no confirmation.
    const box = BOXES[right][language === 'fr' ? 1 : 0];
    const isNamed = line.text.includes(language === 'fr' ? `« ${box} »` : `“${box}”`);
    assert.equal(isNamed, line.look !== 'waiting', `${box}: ${line.text}`);
    assert.equal(line.asks, line.look === 'unsure', line.text);
  }
}

const button = (page, name) => page.getByRole('button', { name, exact: true });

// Checks the buttons to continue and to check again, by the lacking rights.
async function assertButtons(page, expected, language) {
  const isBlocked = REQUIRED.some((right) => right in expected);
  const { again, recheck, without } = WORDS[language];
  assert.equal(await button(page, again).count(), isBlocked ? 1 : 0);
  // Without the right to read people, the flow can't continue.
  assert.equal(await button(page, without).count(), isBlocked && !('view_users' in expected) ? 1 : 0);
  assert.equal(await button(page, recheck).count(), isBlocked ? 0 : 1);
  assert.equal(await way(page, 'checks', language).count(), isBlocked ? 0 : 1);
}

let customers = 0;

// Opens a flow, and goes to the checks of a key.
async function check(key, language) {
  const page = await openPage({ language });
  // A new customer each time: one customer's flows for a tenant all link the same account.
  customers += 1;
  const wanted = { customer_id: `customer-${customers}`, features: EVERYTHING, language };
  await page.goto((await connector.createLinkToken(wanted)).url);
  await advance(page, { to: 'checks', language, tenant: tenant.url, key });
  return page;
}

describe('texts of the checks', { concurrency: 3 }, () => {
  for (const [at, [lacking, expected]] of CASES.entries()) {
    const name = lacking.length === 0 ? 'nothing' : lacking === ALL ? 'everything' : lacking.join('-');
    test(`a key that lacks ${name}, until it has it`, async () => {
      const { key, giveAll } = await keyWithout(lacking);
      const isBlocked = REQUIRED.some((right) => right in expected);
      // Read in both languages; the first one alternates between keys.
      const [first, second] = at % 2 === 0 ? ['en', 'fr'] : ['fr', 'en'];
      const page = await check(key, first);
      await assertLines(page, expected, first);
      await assertButtons(page, expected, first);
      // The other pages look alike.
      if (isBlocked || lacking.length === 0) await inspect(page, `rights-without-${name}`, first);
      await button(page, WORDS[first].other).click();
      await isAt(page, 'checks', second);
      await assertLines(page, expected, second);
      await assertButtons(page, expected, second);

      await giveAll();
      await button(page, WORDS[second][isBlocked ? 'again' : 'recheck']).click();
      await page.locator('#progress:not([hx-get]) ul.checks:not(:has(.missing, .unsure, .waiting))').waitFor();
      await assertLines(page, {}, second);
      await assertButtons(page, {}, second);
      assertNoComplaints(page);
    });
  }

  for (const language of ['en', 'fr']) {
    test(`an unproven right can be confirmed and then does not block, ${language}`, async () => {
      const { key } = await keyWithout(['see_future', 'view_jobs']);
      const page = await check(key, language);
      const line = page.locator('ul.checks > li', { hasText: BOXES.see_future[language === 'fr' ? 1 : 0] }).first();
      await line.getByRole('button', { name: WORDS[language].confirm }).click();
      await way(page, 'checks', language).waitFor();
      assert.equal((await linesOf(page, language)).see_future.look, 'done');
      assert.equal((await linesOf(page, language)).view_jobs.look, 'unsure');
      await inspect(page, 'rights-confirmed', language);
      await advance(page, { from: 'checks', to: 'summary', language });
      await inspect(page, 'rights-confirmed-summary', language);
      assertNoComplaints(page);
    });

    test(`the flow continues without a right and names the consequence, ${language}`, async () => {
      const { key } = await keyWithout(['see_former', 'view_managers']);
      const page = await check(key, language);
      const consequence = {
        en: 'Without it, people vanish on the day after their last',
        fr: 'Sans elle, les collaborateurs disparaissent le lendemain de leur départ',
      }[language];
      await page.locator('.anyway li', { hasText: consequence }).waitFor();
      await button(page, WORDS[language].without).click();
      await advance(page, { from: 'sync', to: 'summary', language });
      await page.locator('main li', { hasText: consequence }).waitFor();
      await inspect(page, 'rights-without-summary', language);
      assertNoComplaints(page);
    });
  }
});
