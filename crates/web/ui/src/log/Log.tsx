// The messages of a room: a list of which only what is in sight is in the document, kept at its end while
// someone is there, and read only while someone looks.

import { Show, createEffect, createMemo, createSignal, on, onCleanup, onMount, untrack, type JSX } from 'solid-js';
import { VList, type VListHandle } from 'virtua/solid';
import { ArrowDown } from 'lucide';
import { client } from '../state/client.ts';
import { keyed, type Keyed } from '../state/keyed.ts';
import type { RoomState } from '../state/room.ts';
import { tell, toast } from '../state/toasts.ts';
import { errorText, words } from '../words/index.ts';
import { Icon } from '../ui/Icon.tsx';
import { isWatched } from '../state/attention.ts';
import { RowView } from './RowView.tsx';
import { buildRows, sameContent, sameRow, seqOf, type Row } from './rows.ts';
import { LogContext, type LogActions } from './context.ts';

/** So near to an end more is loaded, and so near to the lower end counts as being there. */
const NEAR_PX = 1_200;
const AT_END_PX = 48;

export interface LogProps {
  readonly state: RoomState;
  readonly target: () => number | undefined;
  readonly actions: Omit<LogActions, 'jump' | 'active' | 'flashed'>;
  /** Gives what the composer and the keys may do with the log. */
  readonly handle: (handle: LogHandle) => void;
}

export interface LogHandle {
  toEnd(): void;
  jump(seq: number): Promise<void>;
  /** Puts the focus on the newest message. */
  focus(): void;
  sent(): void;
}

export function Log(props: LogProps): JSX.Element {
  const { window: view, outgoing, summary, room } = props.state;
  const [marker, setMarker] = createSignal<number>();
  const [atEnd, setAtEnd] = createSignal(true);
  const [active, setActive] = createSignal<string>();
  const [flashed, setFlashed] = createSignal<string>();
  const [list, setList] = createSignal<VListHandle>();
  let stuck = true;
  let placed = false;
  let host!: HTMLDivElement;

  const content = createMemo(view, undefined, { equals: sameContent });
  const rows = keyed<Row>(() => buildRows({ window: content(), outgoing: outgoing(), marker: marker() }), (row) => row.key, sameRow);
  // While older messages are added at the start, what is in sight keeps its distance from the end.
  const frame = createMemo<{ rows: readonly Keyed<Row>[]; shift: boolean }>((before) => {
    const next = rows();
    const shift = before.rows.length > 0 && next.length > before.rows.length && next.at(-1) === before.rows.at(-1) && next[0] !== before.rows[0];
    return { rows: next, shift };
  }, { rows: [], shift: false });

  const indexOf = (match: (row: Row) => boolean): number => frame().rows.findIndex(({ value }) => match(value()));
  const toLast = (): void => { list()?.scrollToIndex(frame().rows.length - 1, { align: 'end' }); };
  const flash = (key: string): void => { setFlashed(key); setTimeout(() => setFlashed((now) => (now === key ? undefined : now)), 2_000); };

  const show = (seq: number): boolean => {
    const at = indexOf((row) => row.kind === 'said' && row.message?.seq === seq);
    if (at < 0) return false;
    stuck = false;
    list()?.scrollToIndex(at, { align: 'center' });
    const { key } = frame().rows[at]!;
    setActive(key);
    flash(key);
    return true;
  };
  const jump = async (seq: number): Promise<void> => {
    if (show(seq)) return;
    try {
      await room().open(seq);
      if (!show(seq)) toast(words().log.no_such);
    } catch (error) { tell(error); }
  };
  const toEnd = (): void => {
    stuck = true;
    setAtEnd(true);
    if (view().newer) void room().open().then(toLast, tell); else toLast();
  };

  /** Moves the read marker to the last message that someone has in sight. */
  const see = (): void => {
    const handle = list();
    const line = summary();
    if (!handle || !line || !placed || !isWatched() || !view().loaded || view().stale) return;
    if (stuck && !view().newer) { if (line.unread > 0 || line.mentions > 0 || line.read < line.head) room().markRead(); return; }
    const all = frame().rows;
    for (let at = Math.min(all.length - 1, handle.findItemIndex(handle.scrollOffset + handle.viewportSize - 16)); at >= 0; at -= 1) {
      const seq = seqOf(all[at]!.value());
      if (seq !== undefined) { if (seq > line.read) room().markRead(seq); return; }
    }
  };
  const scrolled = (offset: number): void => {
    const handle = list();
    if (!handle) return;
    const left = handle.scrollSize - offset - handle.viewportSize;
    stuck = left <= AT_END_PX && !view().newer;
    setAtEnd(stuck);
    if (!placed) return;
    const { older, newer, loading } = view();
    if (older && offset < NEAR_PX && loading === 'no') void room().loadOlder().catch(tell);
    if (newer && left < NEAR_PX && loading === 'no') void room().loadNewer().catch(tell);
    see();
  };

  // A room begins where the new begins, at the message that an address names, or at its end.
  createEffect(on(room, (it) => {
    placed = false;
    stuck = true;
    setAtEnd(true);
    setActive(undefined);
    const line = untrack(summary);
    setMarker(line && line.unread > 0 ? line.read : undefined);
    const target = untrack(props.target);
    const loaded = untrack(view).loaded && target === undefined && !(line && line.unread > 0);
    if (!loaded) void it.open(target ?? (line && line.unread > 0 ? line.read + 1 : undefined)).catch(() => { /* The window has the error. */ });
  }));
  createEffect(on(props.target, (seq) => { if (seq !== undefined && placed) void jump(seq); }, { defer: true }));

  const place = (): void => {
    placed = true;
    const target = untrack(props.target);
    if (target !== undefined && show(target)) return;
    const fresh = indexOf((row) => row.kind !== 'start' && row.fresh);
    if (fresh >= 0) {
      stuck = false;
      list()?.scrollToIndex(fresh, { align: 'start', offset: -48 });
      // All that is new may fit: then this is the end.
      requestAnimationFrame(() => { const handle = list(); if (handle) scrolled(handle.scrollOffset); });
    } else { toLast(); }
  };
  createEffect(on([frame, list, () => view().loaded], ([, handle, loaded]) => {
    if (!handle || !loaded) return;
    queueMicrotask(() => {
      if (!placed) place(); else if (stuck) toLast();
      requestAnimationFrame(see);
    });
  }));

  // What comes while nobody looks begins a new part.
  createEffect(on(() => summary()?.unread ?? 0, (unread, before) => {
    if (before === 0 && unread > 0 && !(isWatched() && stuck)) setMarker(summary()?.read);
    see();
  }, { defer: true }));
  createEffect(on(isWatched, see));

  onMount(() => {
    // The box below grows, the keyboard of a phone comes: the end stays in sight.
    const resized = new ResizeObserver(() => { if (stuck && placed) toLast(); });
    resized.observe(host);
    onCleanup(() => resized.disconnect());
    onCleanup(client.on('message', ({ room: said, message }) => {
      if (said === room()) setAnnounced(words().log.said(message.author.name, message.body.slice(0, 200)));
    }));
  });
  const [announced, setAnnounced] = createSignal('');

  const focusRow = (at: number): void => {
    const row = frame().rows[at];
    if (!row) return;
    setActive(row.key);
    list()?.scrollToIndex(at, { align: 'nearest' });
    const find = (): HTMLElement | null => host.querySelector(`[data-key="${CSS.escape(row.key)}"]`);
    (find() ?? { focus: () => requestAnimationFrame(() => find()?.focus()) }).focus();
  };
  const activeIndex = createMemo(() => {
    const key = active();
    const at = key === undefined ? -1 : frame().rows.findIndex((row) => row.key === key);
    return at >= 0 ? at : frame().rows.length - 1;
  });
  const moved = (event: KeyboardEvent): void => {
    if (!(event.target as HTMLElement).matches('[data-key]')) return;
    const to = { ArrowUp: activeIndex() - 1, ArrowDown: activeIndex() + 1, End: frame().rows.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    focusRow(Math.min(Math.max(to, 0), frame().rows.length - 1));
  };

  const context: LogActions = { ...props.actions, jump: (seq) => void jump(seq), active: () => frame().rows[activeIndex()]?.key, flashed };
  props.handle({
    toEnd,
    jump,
    focus: () => focusRow(activeIndex()),
    sent: () => { setMarker(undefined); toEnd(); },
  });

  const below = (): number => (atEnd() ? 0 : summary()?.unread ?? 0);
  return (
    <LogContext.Provider value={context}>
      <div ref={host} class="log" role="log" aria-live="off" aria-label={words().messages} id="messages" onKeyDown={moved}
        onFocusIn={(event) => { const key = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key; if (key) setActive(key); }}>
        <Show when={!(view().loaded && frame().rows.length <= 1 && view().messages.length === 0 && outgoing().length === 0)} fallback={<Empty state={props.state} />}>
          {/* Another room is another list: sizes that were measured belong to one. */}
          <Show when={room()} keyed>{(_room) => <VList ref={(handle) => setList(handle)} data={frame().rows} shift={frame().shift} keepMounted={active() === undefined ? [] : [activeIndex()]}
            bufferSize={400} onScroll={scrolled} onResize={() => { if (stuck && placed) toLast(); }} class="log-scroll" tabIndex={-1}>
            {/* While the list becomes shorter, it may ask for a row that is gone. */}
            {(row: Keyed<Row> | undefined) => (row ? <RowView row={row} /> : null)}
          </VList>}</Show>
        </Show>
        <Show when={view().loading !== 'no'}><p class="log-loading" role="status">{words().loading}</p></Show>
        <Show when={view().error}>
          {(error) => (
            <div class="log-error" role="alert">
              <p>{words().room.cannot_load} {errorText(error())}</p>
              <button type="button" onClick={() => void room().open(props.target()).catch(() => undefined)}>{words().try_again}</button>
            </div>
          )}
        </Show>
        <Show when={!atEnd()}>
          <button type="button" class="to-end" classList={{ fresh: below() > 0 }} onClick={toEnd}><Icon of={ArrowDown} />{words().log.new_below(below())}</button>
        </Show>
        <p class="unseen" aria-live="polite" aria-atomic="true">{announced()}</p>
      </div>
    </LogContext.Provider>
  );
}

function Empty(props: { readonly state: RoomState }): JSX.Element {
  const other = (): string | undefined => props.state.summary()?.card.with?.name;
  return (
    <div class="empty">
      <h2>{words().room.empty_title}</h2>
      <p>{other() ? words().room.empty_direct(other()!) : words().room.empty}</p>
    </div>
  );
}
