// What can be done with a message: shown while it is pointed at or has the focus.

import { Show, type Accessor, type JSX } from 'solid-js';
import { Copy, Ellipsis, Link, Pencil, Reply, SmilePlus, Trash2 } from 'lucide';
import type { Message } from '@parlor/client';
import { pickEmoji } from '../compose/EmojiPicker.tsx';
import { permalink } from '../state/route.ts';
import { tell } from '../state/toasts.ts';
import { copy } from '../ui/copy.ts';
import { Icon } from '../ui/Icon.tsx';
import { Menu, type MenuItem } from '../ui/Menu.tsx';
import { words } from '../words/index.ts';
import { useLog } from './context.ts';

export function Toolbar(props: { readonly of: Accessor<Message>; readonly tabIndex: () => number }): JSX.Element {
  const log = useLog();
  const items = (): MenuItem[] => {
    const message = props.of();
    const own: MenuItem[] = message.mine ? [{ label: words().log.delete, icon: Trash2, danger: true, run: () => log.remove(message) }] : [];
    return [
      { label: words().log.copy_text, icon: Copy, run: () => void copy(message.body) },
      { label: words().log.copy_link, icon: Link, run: () => void copy(permalink(log.room().key, message.seq)) },
      ...own,
    ];
  };
  return (
    <div class="toolbar" role="toolbar" aria-label={words().log.actions}>
      <Show when={log.mayWrite()}>
        <button type="button" class="quiet square" tabIndex={props.tabIndex()} aria-label={words().log.react} title={words().log.react}
          onClick={(event) => pickEmoji(event.currentTarget, (emoji) => void log.room().react(props.of().seq, emoji, true).catch(tell))}><Icon of={SmilePlus} /></button>
        <button type="button" class="quiet square" tabIndex={props.tabIndex()} aria-label={words().log.reply} title={words().log.reply} onClick={() => log.reply(props.of())}><Icon of={Reply} /></button>
        <Show when={props.of().mine}>
          <button type="button" class="quiet square" tabIndex={props.tabIndex()} aria-label={words().log.edit} title={words().log.edit} onClick={() => log.edit(props.of())}><Icon of={Pencil} /></button>
        </Show>
      </Show>
      <Menu class="quiet square" label={words().more} items={items} tabIndex={props.tabIndex()}><Icon of={Ellipsis} /></Menu>
    </div>
  );
}
