// What the browser tests share: Chromium and its pages, axe, the real binary as a tenant and as the service, and a tiny
// web server for pages of somebody else. Whatever is started here ends when the test file does.
//
// Not here: what the pages should show; that is the tests'.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

// The repository; the tests themselves may run from a copy, so that nothing is installed into the source tree.
export const ROOT = process.env.LUCCA_CONNECTOR_ROOT ?? fileURLToPath(new URL('../..', import.meta.url));
const SCREENSHOTS = process.env.LUCCA_CONNECTOR_SCREENSHOTS ?? path.join(ROOT, 'target/browser/screenshots');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// A test that waits for what never comes must not keep everything waiting.
const FILE_LIMIT_MS = Number(process.env.LUCCA_CONNECTOR_FILE_LIMIT_S ?? 900) * 1000;
setTimeout(() => {
  console.error(`a test file takes longer than ${FILE_LIMIT_MS / 1000} s: it is ended`);
  process.exit(1);
}, FILE_LIMIT_MS).unref();

// What is to be ended, the last first.
const endings = [];
after(async () => {
  const failed = [];
  for (const end of endings.reverse()) await end().catch((error) => failed.push(error));
  if (failed.length > 0) throw new AggregateError(failed, 'not everything ended well');
});

// ---- pages -------------------------------------------------------------------------------------------------------

let launched;
function browser() {
  launched ??= chromium
    .launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // No name is looked up but this machine's: a page that asks a third party fails.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      ],
    })
    .then((browser) => {
      endings.push(() => browser.close());
      return browser;
    });
  return launched;
}

const complaintsOf = new WeakMap();
const withoutScripts = new WeakSet();

/**
 * A page in a context of its own: no cookie or storage is shared with another. Motion is reduced unless said otherwise,
 * so that nothing is looked at half-way. `newPage(page.context())` is a further tab of the same context.
 */
export async function openPage({ width = 1280, height = 800, dark = false, javaScript = true, language = 'en', motion = false } = {}) {
  const context = await (await browser()).newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: javaScript,
    locale: language === 'fr' ? 'fr-FR' : 'en-GB',
    reducedMotion: motion ? 'no-preference' : 'reduce',
  });
  if (!javaScript) withoutScripts.add(context);
  context.setDefaultTimeout(60_000);
  endings.push(() => context.close());
  return newPage(context);
}

export async function newPage(context) {
  const page = await context.newPage();
  const complaints = [];
  complaintsOf.set(page, complaints);
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isLocal = ['127.0.0.1', 'localhost'].includes(hostname) || ['data:', 'blob:', 'about:'].includes(protocol);
    if (!isLocal) complaints.push(`request to a third party: ${request.url()}`);
  });
  return page;
}

/** What the browser found wrong with a page: errors, refusals of its Content-Security-Policy, third parties. */
export function complaints(page) {
  return complaintsOf.get(page);
}

/** Nothing was wrong with a page, from its beginning; `except` matches what the test brought about itself. */
export function assertNoComplaints(page, except) {
  assert.deepEqual(complaints(page).filter((text) => !except?.test(text)), []);
}

/**
 * axe finds nothing: WCAG 2.2 AA and best practices, in the page and every frame of it. Not for pages without JavaScript:
 * there axe would wait for ever.
 */
export async function assertAccessible(page) {
  assert.ok(!withoutScripts.has(page.context()), 'axe is a script: open the same page with JavaScript for it');
  for (const frame of page.frames()) {
    await frame.evaluate(AXE);
    const found = await frame.evaluate(async () => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await globalThis.axe.run(document, { runOnly: tags, iframes: false, resultTypes: ['violations'] });
      return violations.map(({ id, help, nodes }) => ({
        id,
        help,
        where: nodes.map((node) => `${node.target.flat().join(' ')}: ${node.any[0]?.message ?? node.failureSummary}`),
      }));
    });
    assert.deepEqual(found, [], `axe, ${frame.url()}`);
  }
}

/** Nothing sticks out to the right: no scrolling in two directions. */
export async function assertNoSidewaysScrolling(page) {
  for (const frame of page.frames()) {
    const [content, window] = await frame.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [scrollWidth, clientWidth];
    });
    assert.ok(content <= window, `${frame.url()} is ${content} px wide in a window of ${window} px`);
  }
}

/**
 * Does what takes away the very frame in which it is done: a click on *Close* in an embedded page. Chromium may then never
 * say that the click was done; `until` is what tells.
 */
export async function doWhatCloses(action, until) {
  action.catch(() => {});
  await until;
}

/** A picture to look at, in `target/browser/screenshots`; returns its path. */
export async function screenshot(page, name, { fullPage = false } = {}) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const file = path.join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path: file, fullPage });
  return file;
}

// ---- servers of others -------------------------------------------------------------------------------------------

/**
 * A web server of the test's own on a free port. `answer(request)` gives `{ status?, headers?, body?, type? }` or nothing
 * for 404. It is `url` (http://127.0.0.1:PORT) and, to the browser another site, `otherUrl` (http://localhost:PORT).
 */
export async function startServer(answer) {
  const server = createServer(async (request, response) => {
    try {
      const { status = 200, type = 'text/html; charset=utf-8', headers = {}, body = '' } =
        (await answer(request)) ?? { status: 404, type: 'text/plain', body: 'not found' };
      response.writeHead(status, { 'Content-Type': type, ...headers }).end(body);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  endings.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, otherUrl: `http://localhost:${port}` };
}

// ---- the real binary ---------------------------------------------------------------------------------------------

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

// Starts the binary and waits for the JSON line it prints when it is ready, which has `field`.
async function startProgram(parameters, field, env = {}) {
  const binary = process.env.LUCCA_CONNECTOR_BIN;
  assert.ok(binary, 'LUCCA_CONNECTOR_BIN names the binary to test; `cargo xtask test browser` builds one');
  const child = spawn(binary, parameters, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  running.add(child);
  const ended = new Promise((done) => child.once('close', done)).then(() => running.delete(child));
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdout.setEncoding('utf8');
  const what = `lucca-connector ${parameters.join(' ')}`;
  const ready = await new Promise((done, fail) => {
    const tooLong = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error(`${what} was not ready within 60 s\n${stderr}`));
    }, 60_000);
    child.once('error', fail);
    ended.then(() => fail(new Error(`${what} ended before it was ready\n${stdout}${stderr}`)));
    child.stdout.on('data', (text) => {
      stdout += text;
      const end = stdout.indexOf('\n');
      if (end < 0) return;
      clearTimeout(tooLong);
      try {
        const line = JSON.parse(stdout.slice(0, end));
        assert.ok(field in line);
        done(line);
      } catch {
        fail(new Error(`${what} printed ${stdout}\n${stderr}`));
      }
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(tooLong);
  };
  endings.push(stop);
  return { ready, stop, output: () => stdout + stderr };
}

async function ask(url, method, body, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  let json;
  try {
    json = text === '' ? null : JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

/**
 * An emulated Lucca tenant. `switches` are those of its control surface; `options` further command-line options.
 * Gives `{ url, apiKey, truth, fullRights, control(method, path, body?), setRights(rights), output(), stop() }`.
 */
export async function startTenant({ employees = 60, seed = 1, today, switches, options = [] } = {}) {
  const program = await startProgram([
    '--json', 'emulator', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0',
    '--employees', String(employees), '--seed', String(seed), '--rate-limit', '0',
    ...(today === undefined ? [] : ['--today', today]), ...options,
  ], 'control_url');
  const { url, control_url: controlUrl, api_key: apiKey, truth } = program.ready;
  const control = async (method, route, body) => {
    const answer = await ask(new URL(route, controlUrl), method, body);
    assert.ok(answer.status < 300, `${method} ${route}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const [full] = await control('GET', '/keys');
  // The key's role as an administrator would set it: what is not named is not ticked.
  const setRights = (rights) => control('POST', '/keys', { ...full, rights });
  if (switches !== undefined) await control('PATCH', '/switches', switches);
  return { url, apiKey, truth, fullRights: full.rights, control, setRights, output: program.output, stop: program.stop };
}

/**
 * The service, with a data directory that is thrown away. `config` is the text of its configuration file.
 * Gives `{ url, publicUrl, operatorToken, dataDir, api(method, path, body?), createLinkToken(wanted?), output(), stop() }`.
 */
export async function startConnector({ config, env, options = [] } = {}) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'lucca-connector-browser-'));
  endings.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const parameters = [
    '--json', '--data-dir', dataDir, 'serve', '--listen', '127.0.0.1:0', '--allow-loopback', ...options,
  ];
  if (config !== undefined) {
    const file = path.join(dataDir, 'config.toml');
    writeFileSync(file, config);
    parameters.push('--config', file);
  }
  const program = await startProgram(parameters, 'listening', env);
  const { listening: url, public_url: publicUrl, operator_token_file: tokenFile } = program.ready;
  const operatorToken = readFileSync(tokenFile, 'utf8').trim();
  const api = (method, route, body, { token = operatorToken } = {}) =>
    ask(new URL(route, url), method, body, token === null ? {} : { Authorization: `Bearer ${token}` });
  const createLinkToken = async (wanted = {}) => {
    const answer = await api('POST', '/v1/link-tokens', {
      customer_id: 'customer-1',
      organization: 'Acme',
      features: ['employees', 'leaves'],
      language: 'en',
      ...wanted,
    });
    assert.ok([200, 201].includes(answer.status), `POST /v1/link-tokens: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  return { url, publicUrl, operatorToken, dataDir, api, createLinkToken, output: program.output, stop: program.stop };
}
