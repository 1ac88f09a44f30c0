/** Identifies the flow: a link token, or its address. */
export interface LinkOptions {
  /**
   * The link token, `lnk_…`, which your server made with `POST /v1/link-tokens`. Enough where the connector serves
   * this script itself, or where {@link LuccaConnector.home} is set.
   */
  linkToken?: string;
  /** The `url` that came with the link token; takes precedence over `linkToken`. */
  url?: string;
}

export interface OpenOptions extends LinkOptions {
  /**
   * The customer has linked Lucca. Called at most once, as soon as the account is linked, even if the customer closes
   * the dialog while the flow is linking. Send the public token to your server, which exchanges it for the linked account with
   * `POST /v1/public-tokens/exchange`.
   */
  onSuccess: (success: { publicToken: string }) => void;
  /** The dialog has closed. Called exactly once, also after a success. */
  onExit?: (exit: { reason: ExitReason }) => void;
  /** An event for your own statistics. Never contains a token or the customer's input. */
  onEvent?: (event: LinkEvent) => void;
}

/**
 * `finished`: Lucca is linked; `closed`: by the customer or by `close()`; `replaced`: another flow was opened.
 * Other values come from the flow.
 */
export type ExitReason = 'finished' | 'closed' | 'replaced' | (string & {});

export type LinkEvent =
  /** A page of the flow is shown. */
  | { type: 'ready'; step: null }
  /** The customer is at this step: `welcome`, `tenant`, `key`, … */
  | { type: 'step'; step: string }
  | { type: 'success'; step: null }
  | { type: 'exit'; step: null };

export interface LinkHandle {
  /** Closes the dialog, if it is still open. */
  close(): void;
}

export interface LuccaConnector {
  /**
   * The connector's address: `https://connect.example.com/`. Set automatically where the connector serves the script;
   * otherwise null until you set it.
   */
  home: string | null;
  /**
   * Opens the flow in a dialog, and closes a dialog that is already open.
   * @throws TypeError when an option is missing, unknown or of the wrong kind.
   */
  open(options: OpenOptions): LinkHandle;
  /**
   * Leaves this page for the flow, which redirects to the link token's `return_url` with `?public_token=…`.
   * @throws TypeError as `open`.
   */
  redirect(options: LinkOptions): void;
}

export declare const LuccaConnector: LuccaConnector;
export default LuccaConnector;

declare global {
  interface Window {
    LuccaConnector: LuccaConnector;
  }
}
