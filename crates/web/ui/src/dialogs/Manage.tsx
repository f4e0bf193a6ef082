// The settings of a room, for those who may change them, and to read for everyone.

import { Show, createSignal, type JSX } from 'solid-js';
import { client, state } from '../state/client.ts';
import { closeDialog } from '../state/dialogs.ts';
import { toast } from '../state/toasts.ts';
import { titleOf } from '../rooms/RoomLine.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { words } from '../words/index.ts';
import { AskForm, Choices } from './form.tsx';

export function Manage(props: { readonly room: string }): JSX.Element {
  const room = client.room(props.room);
  const line = state().rooms.find(({ key }) => key === props.room);
  const card = line?.card ?? room.summary!.card;
  const [history, setHistory] = createSignal(card.history);
  const isOwner = card.role === 'owner';
  const mayChange = isOwner || card.role === 'moderator';
  let title!: HTMLInputElement;
  let topic!: HTMLInputElement;
  let banned!: HTMLInputElement;
  const save = async (): Promise<void> => {
    await room.update({
      ...(title.value.trim() !== card.title && { title: title.value.trim() }),
      ...(topic.value.trim() !== card.topic && { topic: topic.value.trim() }),
      ...(history() !== card.history && { history: history() }),
    });
    toast(words().manage.saved);
  };
  const lift = async (): Promise<void> => {
    const who = banned.value.trim().replace(/^@/u, '');
    await room.unban(`@${who}`);
    toast(words().person.unbanned(who));
    banned.value = '';
  };
  return (
    <Dialog title={words().manage.title(line ? titleOf(line) : props.room)} onClose={closeDialog}>
      <Show when={!mayChange}><p class="hint">{words().manage.read_only}</p></Show>
      <AskForm label={words().save} ask={save} onDone={closeDialog} disabled={!mayChange}>
        <label>{words().manage.room_title}<input ref={title} value={card.title} readonly={!mayChange} autocomplete="off" dir="auto" /></label>
        <label>{words().manage.topic}<input ref={topic} value={card.topic} readonly={!mayChange} autocomplete="off" dir="auto" /></label>
        <Choices legend={words().manage.history} options={words().manage.histories} value={history()} onChoose={setHistory} disabled={!isOwner} />
      </AskForm>
      <Show when={mayChange}>
        <section>
          <h3>{words().person.unban}</h3>
          <AskForm label={words().person.do_unban} ask={lift} class="in-line">
            <label>{words().person.unban_name}<input ref={banned} autocomplete="off" autocapitalize="none" spellcheck={false} dir="auto" /></label>
          </AskForm>
        </section>
      </Show>
    </Dialog>
  );
}
