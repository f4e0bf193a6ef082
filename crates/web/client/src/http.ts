// Requests over HTTP: coming in by a password, and whatever has no command.

import type { Environment } from './environment.js';
import { ParlorError } from './error.js';
import { globals } from './globals.js';
import type { ErrorShape } from './protocol.js';

const TIMEOUT_MS = 20_000;

/** Asks `/api/v1/<path>`. A proxy in front may answer with a page of its own: that is `unreachable`. */
export function request(environment: Environment, token: string | null, method: string, path: string, body?: unknown): Promise<unknown> {
  return send(environment, token, method, path, body === undefined ? {} : { body: JSON.stringify(body) }, body === undefined ? undefined : 'application/json');
}

/** Sends a file as it is. */
export function upload(environment: Environment, token: string | null, path: string, file: unknown): Promise<unknown> {
  return send(environment, token, 'POST', path, { body: file }, 'application/octet-stream');
}

async function send({ base, fetch }: Environment, token: string | null, method: string, path: string, body: object, type: string | undefined): Promise<unknown> {
  const abort = new globals.AbortController();
  const timer = globals.setTimeout(() => abort.abort(), TIMEOUT_MS);
  const headers: Record<string, string> = {
    ...type !== undefined && { 'content-type': type },
    ...token !== null && { authorization: `Bearer ${token}` },
  };
  let answer: unknown;
  let status = 0;
  try {
    const init = { method, headers, signal: abort.signal, ...body };
    const response = await fetch(`${base}/api/v1/${path}`, init as never);
    status = response.status;
    answer = JSON.parse(await response.text());
  } catch {
    throw ParlorError.local('unreachable');
  } finally {
    globals.clearTimeout(timer);
  }
  const refused = (answer as { err?: ErrorShape } | null)?.err;
  if (refused) throw new ParlorError(refused);
  if (status >= 400) throw ParlorError.local('unreachable');
  return answer;
}
