// What the checks say of a key that lacks a right, in the reader's language, and that they say otherwise once it is given.
// Whether the doctor judges rightly is tested with the doctor; this is what a person reads of it.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { CONFIG, goOn, inspect, isAt, isOver, WORDS } from './flow.mjs';
import { assertNoComplaints, openPage, startConnector, startTenant } from './support.mjs';

const EVERYTHING = ['employees', 'leaves', 'absence_requests', 'jobs', 'managers', 'qualifications', 'custom_fields'];

// What Lucca calls its boxes; the last ones have no French label that is known.
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
  hr_file: ['Consult HR files', 'Consult HR files'],
};
const ALL = Object.keys(BOXES);
const REQUIRED = ['view_users', 'see_future', 'see_former'];

let tenant;
let connector;
before(async () => {
  [tenant, connector] = await Promise.all([startTenant({ employees: 300 }), startConnector({ config: CONFIG })]);
});

let keys = 0;
// A key of its own that lacks `rights`; gives it and what gives it every right.
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

// The lines of the checks: box → how it looks, what it says, whether it can be confirmed.
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

// What lacks, what is then not fine, and which of the two ways it is told: `missing` is proven, `unsure` asks.
const CASES = [
  [['view_users'], { view_users: 'missing' }],
  [['see_future'], { see_future: 'missing' }],
  [['see_former'], { see_former: 'missing' }],
  [['view_contracts'], { view_contracts: 'missing' }],
  [['view_jobs'], { view_jobs: 'unsure' }],
  [['view_managers'], { view_managers: 'unsure' }],
  [['view_qualifications'], { view_qualifications: 'unsure' }],
  [['consult_leaves'], {}],
  [['make_absence_requests'], {}],
  [['consult_leaves', 'make_absence_requests'], { consult_leaves: 'missing', make_absence_requests: 'unsure' }],
  [['hr_file'], { hr_file: 'unsure' }],
  [ALL, { view_users: 'missing' }],
  [[], {}],
];

describe('what the checks say', { concurrency: 3 }, () => {
  for (const [at, [lacking, told]] of CASES.entries()) {
    const name = lacking.length === 0 ? 'nothing' : lacking === ALL ? 'everything' : lacking.join(' and ');
    test(`a key that lacks ${name}`, async () => {
      // Each begins in one language and is read in both.
      const language = at % 2 === 0 ? 'en' : 'fr';
      const { key, giveAll } = await keyWithout(lacking);
      const page = await openPage({ language });
      await page.goto((await connector.createLinkToken({ features: EVERYTHING, language })).url);
      await goOn(page, { to: 'checks', language, tenant: tenant.url, key });
      console.log(JSON.stringify([name, await linesOf(page, language)]));
    });
  }
});
