// The linking flow as a user goes through it, in both languages: the names of its pages, the steps between them, and the
// checks that hold on every page. Not here: the path of a test and its results.
import assert from 'node:assert/strict';
import { assertAccessible, assertNoSidewaysScrolling, screenshot } from './support.mjs';

export const VENDOR = 'Example People';

/** A configuration without rate limit, in which one tenant serves all tests. */
export const CONFIG = `
  [vendor]
  name = "${VENDOR}"
  colour = "#2f5d50"
  support_email = "help@people.example"
  [linking]
  same_tenant = "allow"
  requests_per_minute = 0`;

/** Each step with its heading and the label of the control that leads to the next. */
export const PAGES = {
  en: {
    welcome: [`Connect Lucca to ${VENDOR}`, 'Start'],
    access: ['Can you create API keys in Lucca?', 'Yes, I see the button'],
    tenant: ['Where is your Lucca?', 'Continue'],
    key: ['Create the API key', 'The key is created'],
    role: ['Configure the key’s role', 'The role is saved'],
    'enter-key': ['Enter the API key', 'Check the key'],
    checks: ['Checking the key', 'Connect and start the sync'],
    sync: ['Sync', 'See the summary'],
    summary: ['What we found', 'Finish'],
    done: ['Lucca is connected'],
  },
  fr: {
    welcome: [`Connecter Lucca à ${VENDOR}`, 'Commencer'],
    access: ['Pouvez-vous créer des clés API dans Lucca ?', 'Oui, je vois le bouton'],
    tenant: ['Où se trouve votre Lucca ?', 'Continuer'],
    key: ['Créer la clé API', 'La clé est créée'],
    role: ['Configurer le rôle de la clé', 'Le rôle est enregistré'],
    'enter-key': ['Saisir la clé API', 'Vérifier la clé'],
    checks: ['Vérification de la clé', 'Connecter et lancer la synchronisation'],
    sync: ['Synchronisation', 'Voir le résumé'],
    summary: ['Ce que nous avons trouvé', 'Terminer'],
    done: ['Lucca est connecté'],
  },
};
const STEPS = Object.keys(PAGES.en);

/** Other texts that a user reads or presses. */
export const WORDS = {
  en: {
    again: 'I ticked it, check again', recheck: 'Check again', without: 'Go on without', back: 'Back', leave: 'Stop and leave',
    notAdministrator: 'I’m not an administrator of Lucca', makeLink: 'Make a link', write: 'Write the e-mail',
    confirm: /^I confirm that it is right/, problem: 'There is a problem', other: 'Français',
  },
  fr: {
    again: 'C’est coché, vérifier à nouveau', recheck: 'Vérifier à nouveau', without: 'Continuer sans', back: 'Retour',
    leave: 'Arrêter et quitter', notAdministrator: 'Je ne suis pas administrateur de Lucca', makeLink: 'Créer un lien',
    write: 'Rédiger l’e-mail', confirm: /^Je confirme que c’est correct/, problem: 'Il y a un problème', other: 'English',
  },
};

/** Waits until the page of a step is shown; `page` may be a frame. */
export const isAt = (page, step, language = 'en') => hasHeading(page, PAGES[language][step][0]);

export const hasHeading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

/** Waits until the background work is done: the checks, the first sync. */
export const isOver = (page) => page.locator('#progress:not([hx-get])').waitFor();

/** The control that leads to the next step. */
export function way(page, step, language = 'en') {
  return page.getByRole(step === 'sync' ? 'link' : 'button', { name: PAGES[language][step][1], exact: true });
}

const BY_MOUSE = { press: (what) => what.click(), fill: (what, text) => what.fill(text) };

/**
 * Goes from the step `from`, which the page shows, to the step `to`. Enters `tenant` and `key`; presses and fills with
 * `by`; calls `atEach(step)` on each page once its background work is done.
 */
export async function advance(page, { from = 'welcome', to, language = 'en', tenant, key, by = BY_MOUSE, atEach = () => {} }) {
  for (const step of STEPS.slice(STEPS.indexOf(from))) {
    await isAt(page, step, language);
    if (['checks', 'sync'].includes(step)) await isOver(page);
    await atEach(step);
    if (step === to) return;
    if (step === 'tenant') await by.fill(page.locator('#tenant'), tenant);
    if (step === 'enter-key') await by.fill(page.locator('#key'), key);
    await by.press(way(page, step, language));
  }
}

/** Checks a page, light on a desktop and dark on a phone, with screenshots; restores the size of `page` afterwards. */
export async function inspect(page, name, language) {
  const desk = page.viewportSize();
  for (const [width, height, colorScheme] of [[1280, 900, 'light'], [360, 740, 'dark']]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await assertNoSidewaysScrolling(page);
    await assertAccessible(page);
    await screenshot(page, `flow-${name}-${language}-${width}-${colorScheme}`, { fullPage: true });
  }
  assert.equal(await page.locator('html').getAttribute('lang'), language);
  await page.setViewportSize(desk);
  await page.emulateMedia({ colorScheme: null });
}

/**
 * Records the requests of a page. The returned function checks that the key, in any of its spellings, is in no address,
 * page, storage or cookie.
 */
export function watchForKey(page) {
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url(), request.headers().referer ?? ''));
  return async (key) => {
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    const cookies = JSON.stringify(await page.context().cookies());
    const all = [...addresses, page.url(), await page.content(), stored, cookies].join('\n').toLowerCase();
    for (const written of [key, key.replaceAll('-', ''), encodeURIComponent(key), btoa(key)]) {
      assert.ok(!all.includes(written.toLowerCase()), 'the key is to be seen');
    }
  };
}
