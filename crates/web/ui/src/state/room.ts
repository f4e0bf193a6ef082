// One room as signals: what of it changed is compared by identity, so that only this is drawn again.

import { createEffect, createMemo, createSignal, onCleanup, type Accessor } from 'solid-js';
import type { Draft, MemberList, MessageWindow, OutgoingMessage, Room, RoomSummary, User } from '@parlor/client';
import { client, state } from './client.ts';

export interface RoomState {
  readonly room: Accessor<Room>;
  readonly summary: Accessor<RoomSummary | undefined>;
  readonly window: Accessor<MessageWindow>;
  readonly outgoing: Accessor<readonly OutgoingMessage[]>;
  readonly typing: Accessor<readonly User[]>;
  readonly members: Accessor<MemberList>;
  readonly draft: Accessor<Draft>;
}

export function roomState(key: Accessor<string>): RoomState {
  const room = createMemo(() => client.room(key()));
  const [version, touch] = createSignal(0, { equals: false });
  createEffect(() => {
    const end = room().subscribe(() => touch(0));
    onCleanup(end);
  });
  const part = <T>(read: (room: Room) => T): Accessor<T> => createMemo(() => { version(); return read(room()); });
  return {
    room,
    summary: createMemo(() => { version(); return state().rooms.find((line) => line.key === key()) ?? room().summary; }),
    window: part((it) => it.window),
    outgoing: part((it) => it.outgoing),
    typing: part((it) => it.typing),
    members: part((it) => it.members),
    draft: part((it) => it.draft),
  };
}
