// The one error class of this package: what the server refused, and what never reached it.

import type { ErrorShape } from './protocol.js';

/**
 * Errors that the client itself raises: `offline` (no connection; nothing was sent), `disconnected` (the
 * connection was lost before the reply: the outcome is open), `no_reply` (no reply in time: open too),
 * `unreachable` (no answer over HTTP), `signed_out`, `outbox_full`, `too_large` and `closed` (after `close()`).
 */
export type LocalErrorName = 'offline' | 'disconnected' | 'no_reply' | 'unreachable' | 'signed_out' | 'outbox_full' | 'too_large' | 'closed';

const LOCAL_MESSAGES: Record<LocalErrorName, string> = {
  offline: 'You are not connected at the moment. Please try again when you are.',
  disconnected: 'The connection was lost before the answer came. Please try again.',
  no_reply: 'The server did not answer in time. Please try again.',
  unreachable: 'The server cannot be reached at the moment. Please try again.',
  signed_out: 'You are not signed in. Please sign in first.',
  outbox_full: 'Too many messages are waiting to be sent. Please wait until some of them are.',
  too_large: 'This is too long to be sent.',
  closed: 'This client was closed.',
};

/** `name` is the stable key, `message` is an English sentence for people. */
export class ParlorError extends Error {
  override readonly name: string;
  /** Like an HTTP status; 0 if the error does not come from the server. */
  readonly code: number;
  /** Whether the same command may succeed later. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** For `bad_request` and `bad_text`: the field that is wrong. */
  readonly field: string | undefined;
  /** For `limit_reached`: the limit. */
  readonly limit: string | undefined;
  /** For `name_taken`: a name that is free. */
  readonly suggest: string | undefined;
  /** For a report to whoever runs the server. */
  readonly trace: string | undefined;

  constructor(shape: ErrorShape) {
    super(shape.message || shape.name);
    this.name = shape.name;
    this.code = shape.code;
    this.retryable = shape.retryable ?? false;
    this.retryAfterMs = shape.retry_after_ms;
    this.field = shape.field;
    this.limit = shape.limit;
    this.suggest = shape.suggest;
    this.trace = shape.trace;
  }

  static local(name: LocalErrorName, message = LOCAL_MESSAGES[name]): ParlorError {
    const retryable = name === 'offline' || name === 'disconnected' || name === 'no_reply' || name === 'unreachable';
    return new ParlorError({ code: 0, name, message, retryable });
  }
}
