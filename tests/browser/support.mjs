// Shared by the browser tests: Chromium and its pages, axe, the real binary as a tenant and as the service, and a small web
// server for third-party pages. Everything started here ends with the test file.
//
// Not here: the expected content of the pages.
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

// A test that waits for ever must not block the others.
const FILE_LIMIT_MS = Number(process.env.LUCCA_CONNECTOR_FILE_LIMIT_S ?? 900) * 1000;
setTimeout(() => {
  console.error(`a test file takes longer than ${FILE_LIMIT_MS / 1000} s: it is ended`);
  process.exit(1);
}, FILE_LIMIT_MS).unref();

// Clean-up functions, run in reverse order.
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
        // Only this machine's names resolve: a request to a third party fails.
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
 * A page in a context of its own, which shares no cookies or storage. Motion is reduced by default, so that checks do not
 * run during an animation. `newPage(page.context())` opens another tab of the same context.
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

/** The browser's complaints about a page: errors, violations of its Content-Security-Policy, third-party requests. */
export function complaints(page) {
  return complaintsOf.get(page);
}

/** Checks that there were no complaints since the page was opened; `except` matches those that the test provoked. */
export function assertNoComplaints(page, except) {
  assert.deepEqual(complaints(page).filter((text) => !except?.test(text)), []);
}

/**
 * Checks with axe: WCAG 2.2 AA and best practices, in the page and all its frames. Not for pages without JavaScript, where
 * axe would wait for ever.
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

/** Checks that the content is not wider than the window, so that no horizontal scrolling is needed. */
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
 * Runs an action that removes its own frame, such as a click on *Close* in an embedded page. Chromium may then never report
 * the click as done, so this waits for `until`.
 */
export async function closeAndWait(action, until) {
  action.catch(() => {});
  await until;
}

/** Takes a screenshot into `target/browser/screenshots`; returns its path. */
export async function screenshot(page, name, { fullPage = false } = {}) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const file = path.join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path: file, fullPage });
  return file;
}

// ---- servers of others -------------------------------------------------------------------------------------------

/**
 * A web server of the test on a free port. `answer(request)` returns `{ status?, headers?, body?, type? }`, or nothing for
 * 404. Returns `url` (http://127.0.0.1:PORT) and `otherUrl` (http://localhost:PORT), another site for the browser.
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

// Starts the binary and waits for the JSON line with `field` that it prints when it is ready.
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

async function send(url, method, body, headers = {}) {
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
 * Returns `{ url, apiKey, truth, fullRights, control(method, path, body?), setRights(rights), output(), stop() }`.
 */
export async function startTenant({ employees = 60, seed = 1, today, switches, options = [] } = {}) {
  const program = await startProgram([
    '--json', 'emulator', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0',
    '--employees', String(employees), '--seed', String(seed), '--rate-limit', '0',
    ...(today === undefined ? [] : ['--today', today]), ...options,
  ], 'control_url');
  const { url, control_url: controlUrl, api_key: apiKey, truth } = program.ready;
  const control = async (method, route, body) => {
    const answer = await send(new URL(route, controlUrl), method, body);
    assert.ok(answer.status < 300, `${method} ${route}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const [full] = await control('GET', '/keys');
  // Sets the key's role like an administrator: rights that are not named are not granted.
  const setRights = (rights) => control('POST', '/keys', { ...full, rights });
  if (switches !== undefined) await control('PATCH', '/switches', switches);
  return { url, apiKey, truth, fullRights: full.rights, control, setRights, output: program.output, stop: program.stop };
}

/**
 * The service, with a temporary data directory. `config` is the text of its configuration file.
 * Returns `{ url, publicUrl, operatorToken, dataDir, api(method, path, body?), createLinkToken(wanted?), output(), stop() }`.
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
    send(new URL(route, url), method, body, token === null ? {} : { Authorization: `Bearer ${token}` });
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
