// One line that says how the connection is, while it is not as it should be: what waits, and what to do.

import { Match, Show, Switch, createEffect, createMemo, createSignal, onCleanup, type JSX } from 'solid-js';
import { client, connection, state } from './state/client.ts';
import { words } from './words/index.ts';

/** A restart or a change of network is a flicker: nothing is said about it. */
const PATIENCE_MS = 1_500;
/** After so many attempts the page asks why. */
const ATTEMPTS_BEFORE_ASKING = 3;

export function ConnectionBanner(): JSX.Element {
  const isBad = createMemo(() => !['online', 'signed-out'].includes(connection().status));
  const [shown, setShown] = createSignal(false);
  const [now, setNow] = createSignal(Date.now());
  const [isBlocked, setBlocked] = createSignal(false);
  createEffect(() => {
    if (!isBad()) { setShown(false); setBlocked(false); return; }
    const wait = setTimeout(() => setShown(true), connection().status === 'stopped' ? 0 : PATIENCE_MS);
    const tick = setInterval(() => setNow(Date.now()), 1_000);
    onCleanup(() => { clearTimeout(wait); clearInterval(tick); });
  });
  // The server answers over HTTP, but no socket opens: waiting will not help.
  createEffect(() => {
    const it = connection();
    if (it.status !== 'offline' || it.attempt < ATTEMPTS_BEFORE_ASKING) return;
    void fetch('/health', { cache: 'no-store' }).then(({ ok }) => setBlocked(ok), () => setBlocked(false));
  });
  const stopped = createMemo(() => { const it = connection(); return it.status === 'stopped' ? it : undefined; });
  const text = (): string => {
    const it = connection();
    const said = words().connection;
    switch (it.status) {
      case 'draining': return said.draining;
      case 'offline': return isBlocked() ? said.cannot_open : said.offline(Math.max(0, Math.ceil((it.retryAt - now()) / 1_000)));
      case 'stopped': return { 'taken-over': said.taken_over, banned: said.banned, 'too-many': said.too_many, flood: said.flood, protocol: said.protocol, closed: said.closed }[it.why];
      default: return said.connecting;
    }
  };
  return (
    <div role="status" class="connection-place">
      <Show when={shown()}>
        <p class="connection" data-status={connection().status}>
          <span>{text()}<Show when={state().totals.waiting > 0}> {words().connection.waiting(state().totals.waiting)}</Show></span>
          <Switch>
            <Match when={stopped()?.why === 'protocol'}><button type="button" class="link" onClick={() => location.reload()}>{words().connection.reload}</button></Match>
            <Match when={stopped() && stopped()?.why !== 'banned'}><button type="button" class="link" onClick={() => client.reconnect()}>{words().connection.continue_here}</button></Match>
            <Match when={connection().status === 'offline'}><button type="button" class="link" onClick={() => client.reconnect()}>{words().connection.try_now}</button></Match>
          </Switch>
        </p>
      </Show>
    </div>
  );
}
