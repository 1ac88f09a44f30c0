// The API's reference: it contains every operation of the description, without a key and without a script.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  assertAccessible, assertNoComplaints, assertNoSidewaysScrolling, openPage, screenshot, startConnector,
} from './support.mjs';

let service;
before(async () => {
  service = await startConnector();
});

test('every operation is there, found from the address alone', async () => {
  const page = await openPage({ javaScript: false });
  await page.goto(service.url);
  assert.equal(new URL(page.url()).pathname, '/reference');
  const description = await (await page.request.get(`${service.url}/openapi.json`)).json();
  const operations = Object.values(description.paths).flatMap(Object.values);
  assert.ok(operations.length > 40);
  for (const { operationId, summary } of operations) {
    assert.equal(await page.locator(`#${operationId}`).textContent(), summary.replaceAll('`', ''));
  }
  // Every link within the page has a target.
  const lost = await page.locator('a[href^="#"]').evaluateAll((links) =>
    links.map((link) => link.getAttribute('href').slice(1)).filter((id) => !document.getElementById(id)));
  assert.deepEqual(lost, []);
});

for (const [name, how] of Object.entries({
  'on a desk': {}, 'in the dark': { dark: true }, 'on a phone': { width: 360, height: 740 },
})) {
  test(`it can be read ${name}`, async () => {
    const page = await openPage(how);
    await page.goto(`${service.url}/reference`);
    await page.locator('#employees').scrollIntoViewIfNeeded();
    await screenshot(page, `reference ${name}`);
    await assertAccessible(page);
    await assertNoSidewaysScrolling(page);
    await assertNoComplaints(page);
  });
}
