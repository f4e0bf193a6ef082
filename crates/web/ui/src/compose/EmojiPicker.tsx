// The one emoji picker of the page: a popover at whatever asks for an emoji.

import { For, Show, createEffect, createResource, createSignal, type JSX } from 'solid-js';
import { emojis, often, search, used } from '../text/emoji.ts';
import { errorText, words } from '../words/index.ts';
import { place } from '../ui/Menu.tsx';

interface Wanted { readonly at: HTMLElement; readonly pick: (emoji: string) => void }

const SHOWN_MAX = 2_000;
const [wanted, setWanted] = createSignal<Wanted>();

/** Opens the picker at a button; `pick` gets what was chosen. */
export function pickEmoji(at: HTMLElement, pick: (emoji: string) => void): void {
  setWanted({ at, pick });
}

export function EmojiPicker(): JSX.Element {
  return <Show when={wanted()} keyed>{(it) => <Picker wanted={it} />}</Show>;
}

function Picker(props: { readonly wanted: Wanted }): JSX.Element {
  const [text, setText] = createSignal('');
  const [all] = createResource(emojis);
  let popover!: HTMLDivElement;
  const found = (): ReturnType<typeof search> => search(all.latest ?? [], text(), text() ? 120 : SHOWN_MAX);
  const close = (): void => { if (wanted() === props.wanted) setWanted(undefined); };
  const pick = (emoji: string): void => {
    used(emoji);
    popover.hidePopover();
    props.wanted.at.focus();
    props.wanted.pick(emoji);
  };
  const opened = (element: HTMLDivElement): void => {
    popover = element;
    queueMicrotask(() => {
      element.showPopover();
      void place(props.wanted.at, element);
      element.querySelector('input')?.focus();
    });
  };
  // With the emoji the picker grows: it looks for a place once more.
  createEffect(() => { if (all.latest) queueMicrotask(() => void place(props.wanted.at, popover)); });
  const button = (emoji: string, name: string): JSX.Element => (
    <button type="button" class="emoji" aria-label={name} title={name} onClick={() => pick(emoji)}>{emoji}</button>
  );
  return (
    <div ref={opened} popover="auto" class="emoji-picker" role="dialog" aria-label={words().emoji.title} onToggle={(event) => { if (event.newState === 'closed') close(); }}>
      <div class="emoji-often" role="group" aria-label={words().emoji.often}><For each={often()}>{(emoji) => button(emoji, emoji)}</For></div>
      <input type="search" aria-label={words().emoji.search} placeholder={words().emoji.search} value={text()} onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => { const first = found()[0]; if (event.key === 'Enter' && first && text()) { event.preventDefault(); pick(first.emoji); } }} />
      <Show when={!all.error} fallback={<p role="alert">{words().emoji.failed} {errorText(all.error)}</p>}>
        <Show when={all.latest} fallback={<p>{words().loading}</p>}>
          <Show when={found().length > 0} fallback={<p>{words().emoji.none}</p>}>
            <div class="emoji-all" role="group" aria-label={words().emoji.title}>
              <For each={found()}>{(it) => button(it.emoji, `${it.name} :${it.codes[0] ?? ''}:`)}</For>
            </div>
          </Show>
        </Show>
      </Show>
    </div>
  );
}
