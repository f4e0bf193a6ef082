// What someone sees who follows an invitation and is signed in.

import { Show, createResource, type JSX } from 'solid-js';
import { client } from '../state/client.ts';
import { openRoom } from '../state/route.ts';
import { words } from '../words/index.ts';
import { AskForm } from './form.tsx';

export function InviteView(props: { readonly code: string }): JSX.Element {
  const [link] = createResource(() => props.code, async (code) => { try { return await client.linkInfo(code); } catch { return null; } });
  const join = async (): Promise<void> => {
    const room = link.latest?.room;
    if (room) openRoom((await client.join(room, props.code)).key);
  };
  return (
    <main class="conversation" aria-label={words().conversation}>
      <div class="empty">
        <h1>{words().invite.title}</h1>
        <Show when={link.state === 'ready'} fallback={<p role="status">{words().loading}</p>}>
          <Show when={link()} fallback={<p>{words().sign_in.link_gone}</p>}>
            {(it) => <AskForm label={words().invite.accept} ask={join}><p dir="auto">{words().invite.text(it().title, it().members)}</p></AskForm>}
          </Show>
        </Show>
      </div>
    </main>
  );
}
