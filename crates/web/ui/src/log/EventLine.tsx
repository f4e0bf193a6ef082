// Who came, went, was invited or moderated, in one quiet line.

import { Show, type JSX } from 'solid-js';
import type { EventEntry } from '@parlor/client';
import { full, time } from '../format.ts';
import { isolated } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { useLog } from './context.ts';

function sentence(entry: EventEntry): string {
  const { log, roles } = words();
  const who = isolated(entry.author.name);
  switch (entry.kind) {
    case 'joined': return log.joined(who);
    case 'left': return log.left(who);
    case 'room': return log.room_changed(who);
    case 'invited': return log.invited(who, isolated(entry.user.name));
    case 'kicked': return log.was_kicked(who, isolated(entry.user.name));
    case 'banned': return log.was_banned(who, isolated(entry.user.name));
    case 'unbanned': return log.unbanned(who, isolated(entry.user.name));
    case 'muted': return log.muted(who, isolated(entry.user.name), entry.until_ms ? full(entry.until_ms) : '');
    case 'unmuted': return log.unmuted(who, isolated(entry.user.name));
    case 'role': return log.role(who, isolated(entry.user.name), roles[entry.role ?? 'member'] ?? '');
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
