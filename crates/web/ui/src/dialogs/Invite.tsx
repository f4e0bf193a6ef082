// Bringing people into a room: by name, and by links.

import { For, Show, createResource, createSignal, type JSX } from 'solid-js';
import { client } from '../state/client.ts';
import { closeDialog } from '../state/dialogs.ts';
import { inviteAddress } from '../state/route.ts';
import { tell } from '../state/toasts.ts';
import { copy } from '../ui/copy.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { full } from '../format.ts';
import { words } from '../words/index.ts';
import { AskForm } from './form.tsx';

export function Invite(props: { readonly room: string }): JSX.Element {
  const room = client.room(props.room);
  const [invited, setInvited] = createSignal('');
  const [made, setMade] = createSignal('');
  // A server without links refuses: then there are only names.
  const [links, { refetch }] = createResource(async () => { try { return await room.links(); } catch { return null; } });
  let name!: HTMLInputElement;
  const invite = async (): Promise<void> => {
    const who = name.value.trim().replace(/^@/u, '');
    await room.invite(`@${who}`);
    setInvited(who);
    name.value = '';
    name.focus();
  };
  const make = async (): Promise<void> => { setMade(inviteAddress((await room.createLink()).code)); void refetch(); };
  return (
    <Dialog title={words().manage.invite} onClose={closeDialog}>
      <AskForm label={words().manage.invite_send} ask={invite} class="in-line">
        <label>{words().manage.invite_name}<input ref={name} data-autofocus autocomplete="off" autocapitalize="none" spellcheck={false} dir="auto" /></label>
        <Show when={invited()}><p class="hint" role="status">{words().manage.invited(invited())}</p></Show>
      </AskForm>
      <Show when={links.latest}>
        {(all) => (
          <section>
            <h3>{words().manage.links}</h3>
            <p class="hint">{words().manage.link_text}</p>
            <Show when={made()}>
              <p class="hint" role="status">{words().manage.link_made}</p>
              <p class="made-link"><input readonly value={made()} aria-label={words().manage.links} onFocus={(event) => event.currentTarget.select()} />
                <button type="button" class="small" onClick={() => void copy(made())}>{words().log.copy_link}</button></p>
            </Show>
            <ul class="found">
              <For each={all()} fallback={<li class="hint">{words().manage.link_none}</li>}>
                {(link) => (
                  <li>
                    <span class="found-main"><bdi>{link.by.name}</bdi>
                      <span class="detail">{words().manage.link_line(words().manage.link_uses(link.used, link.uses ?? 0), link.until_ms ? words().manage.link_until(full(link.until_ms)) : '')}</span></span>
                    <button type="button" class="small plain" onClick={() => void room.revokeLink(link.link).then(() => refetch(), tell)}>{words().manage.link_revoke}</button>
                  </li>
                )}
              </For>
            </ul>
            <AskForm label={words().manage.link_new} ask={make} />
          </section>
        )}
      </Show>
    </Dialog>
  );
}
