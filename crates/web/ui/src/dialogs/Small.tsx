// Dialogs of one question.

import { type JSX } from 'solid-js';
import { client, state } from '../state/client.ts';
import { closeDialog } from '../state/dialogs.ts';
import { closeRoom, openRoom, route } from '../state/route.ts';
import { titleOf } from '../rooms/RoomLine.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { words } from '../words/index.ts';
import { AskForm } from './form.tsx';

export function Direct(): JSX.Element {
  let name!: HTMLInputElement;
  const open = async (): Promise<void> => { openRoom((await client.openDirect(`@${name.value.trim().replace(/^@/u, '')}`)).key); };
  return (
    <Dialog title={words().direct.title} onClose={closeDialog}>
      <AskForm label={words().direct.open} ask={open} onDone={closeDialog}>
        <label>{words().direct.name}<input ref={name} data-autofocus autocomplete="off" autocapitalize="none" spellcheck={false} dir="auto" /></label>
      </AskForm>
    </Dialog>
  );
}

export function Leave(props: { readonly room: string }): JSX.Element {
  const line = state().rooms.find(({ key }) => key === props.room);
  const title = line ? titleOf(line) : props.room;
  const isDirect = line?.card.kind === 'direct';
  const leave = async (): Promise<void> => {
    await client.leave(props.room);
    const it = route();
    if (it.at === 'room' && it.key === props.room) closeRoom(true);
  };
  return (
    <Dialog title={isDirect ? words().room.leave_direct : words().room.leave} onClose={closeDialog}>
      <AskForm label={isDirect ? words().room.leave_direct : words().room.leave} danger ask={leave} onDone={closeDialog}>
        <p dir="auto">{words().room.leave_sure(title)} {line?.card.kind === 'private' ? words().room.leave_private : ''}</p>
      </AskForm>
    </Dialog>
  );
}
