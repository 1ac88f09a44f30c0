// A receiver of webhooks: verifies them with the JavaScript library of Standard Webhooks, and writes one line per webhook to
// a file. `node receiver.mjs PORT SECRET FILE`
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const [port, secret, file] = process.argv.slice(2);
const verifier = new Webhook(secret);

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString('utf8');
  try {
    const event = verifier.verify(body, request.headers);
    appendFileSync(file, `${JSON.stringify({ id: request.headers['webhook-id'], event })}\n`);
    response.writeHead(204).end();
  } catch (error) {
    appendFileSync(file, `${JSON.stringify({ refused: String(error) })}\n`);
    response.writeHead(401).end();
  }
}).listen(Number(port), '127.0.0.1');
