// Who came, went, was invited or moderated, in one quiet line.

import { Show, type JSX } from 'solid-js';
import type { EventEntry } from '@parlor/client';
import { full, time } from '../format.ts';
import { inSentence } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { useLog } from './context.ts';

function sentence(entry: EventEntry): string {
  const { log, roles } = words();
  const who = inSentence(entry.author);
  switch (entry.kind) {
    case 'joined': return log.joined(who);
    case 'left': return log.left(who);
    case 'room': return log.room_changed(who);
    case 'invited': return log.invited(who, inSentence(entry.user));
    case 'kicked': return log.was_kicked(who, inSentence(entry.user));
    case 'banned': return log.was_banned(who, inSentence(entry.user));
    case 'unbanned': return log.unbanned(who, inSentence(entry.user));
    case 'muted': return log.muted(who, inSentence(entry.user), entry.until_ms ? full(entry.until_ms) : '');
    case 'unmuted': return log.unmuted(who, inSentence(entry.user));
    case 'role': return log.role(who, inSentence(entry.user), roles[entry.role ?? 'member'] ?? '');
  }
}

export function EventLine(props: { readonly of: EventEntry; readonly key: string }): JSX.Element {
  const log = useLog();
  const reason = (): string | undefined => ('reason' in props.of ? props.of.reason : undefined);
  return (
    <div class="event" data-key={props.key} data-kind={props.of.kind} tabIndex={log.active() === props.key ? 0 : -1} role="note">
      <span>{sentence(props.of)}</span>
      <Show when={reason()}> <bdi class="reason">“{reason()}”</bdi></Show>
      {' '}<time datetime={props.of.at} title={full(props.of.at)}>{time(props.of.at)}</time>
    </div>
  );
}
