// The box where one writes: it keeps a draft for each room, completes names, and says how long a text may be.

import { For, Show, createEffect, createMemo, createSignal, on, type JSX } from 'solid-js';
import { Eye, EyeOff, Pencil, Reply, SendHorizontal, Smile, X } from 'lucide';
import { isBlank, type Message } from '@parlor/client';
import { me, state } from '../state/client.ts';
import type { RoomState } from '../state/room.ts';
import { tell, toast } from '../state/toasts.ts';
import { withEmoji } from '../text/emoji.ts';
import { Body } from '../text/Body.tsx';
import { Icon } from '../ui/Icon.tsx';
import { calledName, isolated } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { pickEmoji } from './EmojiPicker.tsx';
import { runCommand, UnknownCommand } from './commands.ts';
import { complete, type Completion } from './completion.ts';

/** From so many characters before the limit on, the box counts. */
const COUNT_FROM = 300;

export interface ComposerHandle {
  focus(): void;
  /** Adds a text at the cursor. */
  write(text: string): void;
  edit(message: Message): void;
  reply(message: Message): void;
}

export interface ComposerProps {
  readonly state: RoomState;
  readonly title: string;
  readonly handle: (handle: ComposerHandle) => void;
  readonly onSent: () => void;
  readonly onEscape: () => void;
  /** The newest message of one's own, for the arrow up. */
  readonly lastOwn: () => Message | undefined;
}

interface Editing { readonly seq: number; readonly was: string }

export function Composer(props: ComposerProps): JSX.Element {
  const room = (): ReturnType<RoomState['room']> => props.state.room();
  const [text, setText] = createSignal('');
  const [editing, setEditing] = createSignal<Editing>();
  const [answered, setAnswered] = createSignal<Message>();
  const [preview, setPreview] = createSignal(false);
  const [completion, setCompletion] = createSignal<Completion>();
  const [chosen, setChosen] = createSignal(0);
  let box!: HTMLTextAreaElement;

  const left = createMemo(() => state().limits.body_chars - [...text()].length);
  const grow = (): void => {
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight + 2, window.innerHeight * 0.4)}px`;
  };
  const put = (value: string, caret = value.length): void => {
    setText(value);
    box.value = value;
    box.setSelectionRange(caret, caret);
    grow();
  };
  const keep = (): void => {
    if (editing()) return;
    const replyTo = answered()?.seq;
    room().setDraft({ body: text(), ...(replyTo !== undefined && { replyTo }) });
  };

  // Each room has its own text and its own reply.
  createEffect(on(room, (it) => {
    const draft = it.draft;
    setEditing(undefined);
    setAnswered(undefined);
    setPreview(false);
    setCompletion(undefined);
    put(draft.body);
    if (draft.replyTo !== undefined) {
      void it.find(draft.replyTo).then((message) => { if (message && room() === it && !editing()) setAnswered(message); }, () => undefined);
    }
    if (matchMedia('(hover: hover)').matches) box.focus({ preventScroll: true });
  }));

  const suggest = async (): Promise<void> => {
    const [value, caret] = [box.value, box.selectionStart];
    const sources = { members: () => props.state.members().list, rooms: () => state().rooms, self: () => me()?.id, called: calledName };
    try {
      const found = box.selectionEnd === caret ? await complete(value, caret, sources) : undefined;
      if (box.value !== value) return;
      setChosen(0);
      setCompletion(found);
    } catch { setCompletion(undefined); }
  };
  const take = (at: number): void => {
    const now = completion();
    const it = now?.suggestions[at];
    if (!now || !it) return;
    put(text().slice(0, now.from) + it.insert + text().slice(now.to), now.from + it.insert.length);
    setCompletion(undefined);
    keep();
    box.focus();
  };

  const typed = (): void => {
    setText(box.value);
    grow();
    keep();
    if (!editing()) room().setTyping(!isBlank(text()));
    void suggest();
  };

  const done = (): void => {
    setEditing(undefined);
    setAnswered(undefined);
    setPreview(false);
    put('');
    room().setTyping(false);
  };
  const stopEditing = (): void => { setEditing(undefined); put(room().draft.body); };

  // Commands and `:names:` need to wait; what is sent after them waits behind them, so that the order stays.
  let waiting = 0;
  let line: Promise<void> = Promise.resolve();

  const send = (): void => {
    setCompletion(undefined);
    const [value, edited, at] = [text(), editing(), room()];
    if (left() < 0 || isBlank(value)) return;
    if (edited) {
      stopEditing();
      if (value !== edited.was) at.edit(edited.seq, value).catch((error: unknown) => { tell(error); if (room() === at && !editing()) { setEditing(edited); put(value); } });
      return;
    }
    const replyTo = answered()?.seq;
    const store = (body: string | null): void => {
      if (body !== null && !isBlank(body)) at.send(body, replyTo === undefined ? {} : { replyTo });
      if (at.draft.body === value) at.setDraft({ body: '' });
      props.onSent();
    };
    const failed = (error: unknown): void => {
      if (error instanceof UnknownCommand) toast(error.message, { kind: 'error' }); else tell(error);
      if (room() === at && text() === '') { put(value); keep(); }
    };
    done();
    const isPlain = !/^\/|:[a-z0-9_+-]+:/u.test(value);
    if (isPlain && waiting === 0) {
      try { store(value); } catch (error) { failed(error); }
      return;
    }
    waiting += 1;
    line = line.then(() => ready(value, at)).then(store).catch(failed).finally(() => { waiting -= 1; });
  };
  const ready = async (value: string, at: ReturnType<RoomState['room']>): Promise<string | null> => {
    const command = await runCommand(value, at);
    if (command !== undefined) return command;
    return withEmoji(value).catch(() => value);
  };

  const keys = (event: KeyboardEvent): void => {
    // The Enter that ends a word of an input method belongs to it; Safari says so by 229 alone.
    if (event.isComposing || event.keyCode === 229) return;
    const now = completion();
    if (now) {
      const count = now.suggestions.length;
      const to = { ArrowDown: chosen() + 1, ArrowUp: chosen() - 1 + count }[event.key];
      if (to !== undefined) { event.preventDefault(); setChosen(to % count); return; }
      if (event.key === 'Enter' || event.key === 'Tab') { event.preventDefault(); take(chosen()); return; }
      if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); setCompletion(undefined); return; }
    }
    if (event.key === 'Enter' && !event.shiftKey && !isTouch()) { event.preventDefault(); send(); return; }
    if (event.key === 'ArrowUp' && text() === '' && !event.altKey) {
      const last = props.lastOwn();
      if (last) { event.preventDefault(); edit(last); }
      return;
    }
    if (event.key === 'Escape') {
      if (editing()) stopEditing();
      else if (answered()) { setAnswered(undefined); keep(); }
      else props.onEscape();
    }
  };

  const edit = (message: Message): void => {
    setAnswered(undefined);
    setEditing({ seq: message.seq, was: message.body });
    put(message.body);
    box.focus();
  };
  props.handle({
    focus: () => box.focus(),
    write: (added) => {
      const [from, to] = [box.selectionStart, box.selectionEnd];
      put(text().slice(0, from) + added + text().slice(to), from + added.length);
      keep();
      box.focus();
    },
    edit,
    reply: (message) => {
      if (editing()) stopEditing();
      setAnswered(message);
      keep();
      box.focus();
    },
  });

  return (
    <form class="composer" id="box" onSubmit={(event) => { event.preventDefault(); send(); box.focus(); }}>
      <Show when={editing()}>
        <p class="about"><Icon of={Pencil} /><span>{words().box.editing}</span>
          <button type="button" class="quiet square" aria-label={words().box.stop_edit} onClick={stopEditing}><Icon of={X} /></button></p>
      </Show>
      <Show when={answered()}>
        {(it) => (
          <p class="about"><Icon of={Reply} /><span>{words().box.replying(isolated(calledName(it().author)))}</span>
            <button type="button" class="quiet square" aria-label={words().box.stop_reply} onClick={() => { setAnswered(undefined); keep(); box.focus(); }}><Icon of={X} /></button></p>
        )}
      </Show>
      <Show when={preview() && !isBlank(text())}><div class="preview" aria-label={words().box.preview} role="region"><Body text={text()} /></div></Show>
      <Show when={completion()}>
        {(it) => (
          <ul class="completion" id="completion" role="listbox" aria-label={words().box.suggestions}>
            <For each={it().suggestions}>
              {(suggestion, at) => (
                <li role="option" id={`completion-${at()}`} aria-selected={at() === chosen()} onMouseDown={(event) => { event.preventDefault(); take(at()); }}>
                  <bdi>{suggestion.label}</bdi> <span class="detail">{suggestion.detail}</span>
                </li>
              )}
            </For>
          </ul>
        )}
      </Show>
      <div class="line">
        <textarea ref={box} rows="1" dir="auto" id="message-box" aria-label={props.title} placeholder={props.title} enterkeyhint={isTouch() ? 'enter' : 'send'}
          aria-autocomplete="list" aria-controls={completion() ? 'completion' : undefined} aria-activedescendant={completion() ? `completion-${chosen()}` : undefined}
          aria-invalid={left() < 0} aria-describedby="box-state" onInput={typed} onKeyDown={keys} onBlur={() => { setCompletion(undefined); if (!editing()) room().setTyping(false); }} />
        <button type="button" class="quiet square" aria-pressed={preview()} aria-label={preview() ? words().box.write : words().box.preview} title={preview() ? words().box.write : words().box.preview}
          onClick={() => setPreview(!preview())}><Icon of={preview() ? EyeOff : Eye} /></button>
        <button type="button" class="quiet square" aria-label={words().box.emoji} title={words().box.emoji}
          onClick={(event) => pickEmoji(event.currentTarget, (emoji) => { put(text().slice(0, box.selectionStart) + emoji + text().slice(box.selectionEnd), box.selectionStart + emoji.length); keep(); box.focus(); })}><Icon of={Smile} /></button>
        <button type="submit" class="square" aria-label={editing() ? words().save : words().box.send} title={editing() ? words().save : words().box.send} disabled={isBlank(text()) || left() < 0}><Icon of={SendHorizontal} /></button>
      </div>
      <p id="box-state" class="box-state" aria-live="polite">
        <Show when={left() < COUNT_FROM} fallback={<Typing state={props.state} />}>
          <span classList={{ bad: left() < 0 }}>{left() < 0 ? words().box.too_long(-left()) : words().box.left(left())}</span>
        </Show>
      </p>
    </form>
  );
}

/** On a phone Enter is a new line: there is a button to send. */
const isTouch = (): boolean => matchMedia('(pointer: coarse) and (hover: none)').matches;

function Typing(props: { readonly state: RoomState }): JSX.Element {
  return (
    <>{(() => {
      const [one, two, third] = props.state.typing().map((user) => isolated(calledName(user)));
      const { box } = words();
      if (!one) return '';
      if (!two) return box.typing_one(one);
      return third ? box.typing_many : box.typing_two(one, two);
    })()}</>
  );
}
