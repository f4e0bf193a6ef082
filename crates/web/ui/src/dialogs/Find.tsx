// Public rooms to join, and the way to one of one's own.

import { For, Show, createMemo, createSignal, onMount, type JSX } from 'solid-js';
import { Hash, Plus } from 'lucide';
import type { RoomLine } from '@parlor/client';
import { client, me, state } from '../state/client.ts';
import { closeDialog, openDialog } from '../state/dialogs.ts';
import { openRoom } from '../state/route.ts';
import { tell } from '../state/toasts.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { errorText, words } from '../words/index.ts';

/** Whoever searches has this many pages looked through. */
const PAGES_MAX = 20;

export function Find(): JSX.Element {
  const [text, setText] = createSignal('');
  const [rooms, setRooms] = createSignal<readonly RoomLine[]>([]);
  const [next, setNext] = createSignal<string>();
  const [progress, setLoading] = createSignal<'loading' | 'done' | 'failed'>('loading');
  const [error, setError] = createSignal<unknown>();
  const load = async (): Promise<void> => {
    setLoading('loading');
    try {
      const page = await client.publicRooms(next());
      setRooms((all) => [...all, ...page.rooms]);
      setNext(page.next);
      setLoading('done');
    } catch (refusal) { setError(refusal); setLoading('failed'); }
  };
  onMount(async () => {
    await load();
    for (let page = 1; page < PAGES_MAX && next() && progress() === 'done'; page += 1) await load();
  });
  const wanted = (): string => text().trim().replace(/^#/u, '').toLowerCase();
  const found = createMemo(() => rooms().filter(({ card }) => `${card.room} ${card.title} ${card.topic}`.toLowerCase().includes(wanted())));
  const isExact = createMemo(() => rooms().some(({ card }) => card.room === wanted()));
  const isMember = (key: string): boolean => state().rooms.some((line) => line.key === key && line.membership === 'member');
  const join = (key: string): void => {
    void (isMember(key) ? Promise.resolve({ key }) : client.join(key)).then((room) => { openRoom(room.key); closeDialog(); }, tell);
  };
  return (
    <Dialog title={words().find.title} onClose={closeDialog} class="tall">
      <input type="search" data-autofocus aria-label={words().find.search} placeholder={words().find.search} value={text()} onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === 'Enter' && isExact()) { event.preventDefault(); join(wanted()); } }} />
      <ul class="found" aria-label={words().rooms}>
        <For each={found()}>
          {({ card }) => (
            <li>
              <Icon of={Hash} />
              <span class="found-main"><bdi class="author">{card.title}</bdi><Show when={card.topic}><span class="detail" dir="auto">{card.topic}</span></Show></span>
              <button type="button" class="small" classList={{ plain: isMember(card.room) }} aria-label={`${isMember(card.room) ? words().find.open : words().find.join} ${card.title}`} onClick={() => join(card.room)}>
                {isMember(card.room) ? words().find.open : words().find.join}</button>
            </li>
          )}
        </For>
      </ul>
      <Show when={progress() === 'loading'}><p class="hint" role="status">{words().loading}</p></Show>
      <Show when={progress() === 'failed'}><p class="error" role="alert">{errorText(error())} <button type="button" class="link" onClick={() => void load()}>{words().try_again}</button></p></Show>
      <Show when={progress() === 'done' && found().length === 0}><p class="hint" role="status">{wanted() ? words().find.none_named(wanted()) : words().find.none}</p></Show>
      <Show when={progress() === 'done' && next()}><button type="button" class="plain" onClick={() => void load()}>{words().find.more}</button></Show>
      <footer>
        <Show when={!me()?.guest} fallback={<p class="hint">{words().find.guests}</p>}>
          <button type="button" class="plain" onClick={() => openDialog({ name: 'create', suggested: isExact() ? '' : wanted() })}>
            <Icon of={Plus} />{wanted() && !isExact() ? words().find.create_named(wanted()) : words().find.create}</button>
        </Show>
      </footer>
    </Dialog>
  );
}
