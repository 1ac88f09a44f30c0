// The widget as an ES module. The code itself is the classic script, so that there is one of it.
import './lucca-connector.js';

export const { LuccaConnector } = globalThis;
export default LuccaConnector;

// Imported from the connector itself, the module knows where that is; inside a bundle it does not.
if (/^https?:[^?#]*\/widget\/index\.mjs$/.test(import.meta.url)) {
  LuccaConnector.home ??= new URL('..', import.meta.url).href;
}
