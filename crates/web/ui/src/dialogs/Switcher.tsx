// Ctrl K: to a room or a person by name, or to a message by its words.

import { For, Show, createEffect, createMemo, createSignal, on, onCleanup, type JSX } from 'solid-js';
import { Hash, Lock, MessageSquare } from 'lucide';
import { client, state } from '../state/client.ts';
import { closeDialog } from '../state/dialogs.ts';
import { openRoom } from '../state/route.ts';
import { tell } from '../state/toasts.ts';
import { marked, parseSearch } from '../search-query.ts';
import { searchMessages, type Found } from '../search.ts';
import { titleOf } from '../rooms/RoomLine.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Name, isolated } from '../ui/Name.tsx';
import { when } from '../format.ts';
import { errorText, words } from '../words/index.ts';

const ROOMS_MAX = 8;
/** A pause in typing after which messages are searched. */
const PAUSE_MS = 300;

interface Hit { readonly key: string; readonly view: () => JSX.Element; readonly open: () => void }

export function Switcher(props: { readonly text: string; readonly room: string | undefined }): JSX.Element {
  const [text, setText] = createSignal(props.text);
  const [chosen, setChosen] = createSignal(0);
  const [found, setFound] = createSignal<Found | null>();
  const [error, setError] = createSignal<unknown>();
  const [busy, setBusy] = createSignal(false);
  const wanted = createMemo(() => ({ ...(props.room && { in: props.room }), ...parseSearch(text()) }));

  const rooms = createMemo<Hit[]>(() => {
    const word = text().trim().replace(/^[@#]/u, '').toLowerCase();
    const rank = (title: string): number => { const at = title.toLowerCase().indexOf(word); return at < 0 ? 2 : at > 0 ? 1 : 0; };
    const lines = state().rooms.filter((line) => line.membership === 'member' && rank(titleOf(line)) < 2);
    const sorted = lines.sort((one, other) => rank(titleOf(one)) - rank(titleOf(other)) || Number(other.unread > 0) - Number(one.unread > 0));
    const hits: Hit[] = (props.room && !word ? [] : sorted.slice(0, ROOMS_MAX)).map((line) => ({
      key: line.key,
      open: () => openRoom(line.key),
      view: () => (
        <>
          <Show when={line.card.with} fallback={<Icon of={line.card.kind === 'private' ? Lock : Hash} />}>{(other) => <Avatar of={other()} small />}</Show>
          <bdi class="author">{titleOf(line)}</bdi>
          <Show when={line.unread > 0}><span class="badge">{line.unread}</span></Show>
        </>
      ),
    }));
    if (/^[\p{L}\p{N}._-]{1,32}$/u.test(word) && !lines.some((line) => line.card.with?.name === word)) {
      hits.push({ key: `@${word}`, open: () => void client.openDirect(`@${word}`).then((it) => openRoom(it.key), tell), view: () => <><Icon of={MessageSquare} />{words().switcher.message(isolated(word))}</> });
    }
    return hits;
  });
  const messages = createMemo<Hit[]>(() => (found()?.messages ?? []).map((message) => ({
    key: message.id,
    open: () => openRoom(message.room, message.seq),
    view: () => {
      const line = state().rooms.find(({ key }) => key === message.room);
      return (
        <>
          <Avatar of={message.author} small />
          <span class="found-main">
            <span><Name of={message.author} class="author" /> <span class="detail"><bdi>{line ? titleOf(line) : message.room}</bdi>, {when(message.at)}</span></span>
            <span class="found-text" dir="auto"><For each={marked(message.body, message.highlights)}>{(piece) => (piece.isFound ? <mark>{piece.text}</mark> : piece.text)}</For></span>
          </span>
        </>
      );
    },
  })));
  const hits = createMemo(() => [...rooms(), ...messages()]);

  const search = async (cursor?: string): Promise<void> => {
    const asked = wanted();
    setBusy(true);
    setError(undefined);
    try {
      const page = await searchMessages(asked, cursor);
      if (asked !== wanted()) return;
      setFound((before) => (page && cursor && before ? { ...page, messages: [...before.messages, ...page.messages] } : page));
    } catch (refusal) { if (asked === wanted()) setError(refusal); } finally { if (asked === wanted()) setBusy(false); }
  };
  createEffect(on(wanted, (it) => {
    setChosen(0);
    setFound(undefined);
    setError(undefined);
    if (it.query.length < 2) return;
    const timer = setTimeout(() => void search(), PAUSE_MS);
    onCleanup(() => clearTimeout(timer));
  }));

  const open = (hit: Hit | undefined): void => { if (hit) { closeDialog(); hit.open(); } };
  const keys = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const count = Math.max(hits().length, 1);
    const to = { ArrowDown: chosen() + 1, ArrowUp: chosen() - 1 + count }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setChosen(to % count);
      document.getElementById(`hit-${chosen()}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') { event.preventDefault(); open(hits()[chosen()]);
    } else if (event.key === 'Escape') {
      // Else the browser only empties the box.
      event.preventDefault();
      closeDialog();
    }
  };
  const option = (hit: Hit, at: () => number): JSX.Element => (
    <div role="option" id={`hit-${at()}`} class="hit" aria-selected={at() === chosen()} onClick={() => open(hit)}>{hit.view()}</div>
  );
  return (
    <Dialog title={words().switcher.title} onClose={closeDialog} class="tall switcher">
      <input type="search" data-autofocus role="combobox" aria-expanded="true" aria-controls="hits" aria-activedescendant={hits().length > 0 ? `hit-${chosen()}` : undefined}
        aria-label={words().switcher.search} placeholder={words().switcher.search} value={text()} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={keys} dir="auto" />
      <p class="hint">{words().switcher.hint}</p>
      <div id="hits" role="listbox" aria-label={words().switcher.title} class="hits">
        <Show when={rooms().length > 0}><div role="group" aria-label={words().switcher.rooms}><For each={rooms()}>{(hit, at) => option(hit, at)}</For></div></Show>
        <Show when={messages().length > 0}>
          <div role="group" aria-label={words().switcher.found}><For each={messages()}>{(hit, at) => option(hit, () => rooms().length + at())}</For></div>
        </Show>
      </div>
      <p class="hint" role="status">
        <Show when={busy()}>{words().loading}</Show>
        <Show when={found() === null}>{words().switcher.unavailable}</Show>
        <Show when={found() && messages().length === 0}>{words().switcher.none}</Show>
      </p>
      <Show when={error()}>{(it) => <p class="error" role="alert">{errorText(it())}</p>}</Show>
      <Show when={found()?.next}>{(next) => <button type="button" class="plain" onClick={() => void search(next())}>{words().switcher.more}</button>}</Show>
    </Dialog>
  );
}
