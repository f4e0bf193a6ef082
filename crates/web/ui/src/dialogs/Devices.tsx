// The devices on which one is signed in, each with its end.

import { For, Show, createResource, type JSX } from 'solid-js';
import type { SessionLine } from '@parlor/client';
import { client } from '../state/client.ts';
import { tell } from '../state/toasts.ts';
import { ago } from '../format.ts';
import { errorText, words } from '../words/index.ts';

export function Devices(): JSX.Element {
  const [sessions, { refetch }] = createResource(() => client.sessions());
  const end = (session: string): void => void client.revokeSession(session).then(() => refetch(), tell);
  const name = (line: SessionLine): string => line.device || words().settings.unnamed_device;
  const detail = (line: SessionLine): string => (line.current ? words().settings.this_device : line.online ? words().settings.online_now : words().settings.seen(ago(line.seen_at)));
  return (
    <section>
      <h3>{words().settings.devices}</h3>
      <Show when={!sessions.error} fallback={<p class="error" role="alert">{errorText(sessions.error)}</p>}>
        <Show when={sessions.latest} fallback={<p class="hint">{words().loading}</p>}>
          {(all) => (
            <>
              <ul class="found devices">
                <For each={all()}>
                  {(line) => (
                    <li>
                      <span class="found-main"><bdi class="author">{name(line)}</bdi><span class="detail">{detail(line)}</span></span>
                      <Show when={!line.current}><button type="button" class="small plain" aria-label={words().settings.sign_out_device(name(line))} onClick={() => end(line.session)}>{words().settings.sign_out}</button></Show>
                    </li>
                  )}
                </For>
              </ul>
              <Show when={all().length > 1}><button type="button" class="plain" onClick={() => end('others')}>{words().settings.sign_out_others}</button></Show>
            </>
          )}
        </Show>
      </Show>
    </section>
  );
}
