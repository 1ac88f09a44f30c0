// The widget as an ES module. It loads the classic script, so that there is only one implementation.
import './lucca-connector.js';

export const { LuccaConnector } = globalThis;
export default LuccaConnector;

// Imported from the connector, the module derives the connector's address; inside a bundle it can't.
if (/^https?:[^?#]*\/widget\/index\.mjs$/.test(import.meta.url)) {
  LuccaConnector.home ??= new URL('..', import.meta.url).href;
}
