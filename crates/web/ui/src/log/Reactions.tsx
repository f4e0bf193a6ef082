// The reactions to a message: a press adds or takes back one's own.

import { For, type Accessor, type JSX } from 'solid-js';
import { SmilePlus } from 'lucide';
import type { Message } from '@parlor/client';
import { pickEmoji } from '../compose/EmojiPicker.tsx';
import { keyed } from '../state/keyed.ts';
import { tell } from '../state/toasts.ts';
import { number } from '../format.ts';
import { Icon } from '../ui/Icon.tsx';
import { words } from '../words/index.ts';
import { useLog } from './context.ts';

export function Reactions(props: { readonly of: Accessor<Message>; readonly tabIndex: () => number }): JSX.Element {
  const log = useLog();
  const lines = keyed(() => props.of().reactions, (line) => line.emoji);
  const react = (emoji: string, on: boolean): void => void log.room().react(props.of().seq, emoji, on).catch(tell);
  return (
    <div class="reactions">
      <For each={lines()}>
        {({ value }) => (
          <button type="button" class="reaction" aria-pressed={value().mine} tabIndex={props.tabIndex()} disabled={!log.mayWrite()}
            aria-label={words().log.reacted(value().emoji, value().count, value().mine)} onClick={() => react(value().emoji, !value().mine)}>
            <span>{value().emoji}</span> <span class="count">{number(value().count)}</span>
          </button>
        )}
      </For>
      <button type="button" class="reaction add" tabIndex={props.tabIndex()} disabled={!log.mayWrite()} aria-label={words().log.react} title={words().log.react}
        onClick={(event) => pickEmoji(event.currentTarget, (emoji) => react(emoji, true))}><Icon of={SmilePlus} /></button>
    </div>
  );
}
