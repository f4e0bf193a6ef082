// Acting upon someone in a room, with a reason that everyone there sees.

import { Show, createSignal, type JSX } from 'solid-js';
import type { Role } from '@parlor/client';
import { client } from '../state/client.ts';
import { closeDialog, type OpenDialog } from '../state/dialogs.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { inSentence } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { AskForm, Choices } from './form.tsx';

type Of = Extract<OpenDialog, { name: 'moderate' }>;

export function Moderate(props: { readonly of: Of }): JSX.Element {
  const { room: key, user, act } = props.of;
  const room = client.room(key);
  const name = inSentence(user);
  const [duration, setDuration] = createSignal('3600000');
  const [role, setRole] = createSignal<Role>(room.members.list.find((line) => line.user.id === user.id)?.role ?? 'member');
  let reason: HTMLInputElement | undefined;
  const person = words().person;
  const title = { kick: person.kick_title, ban: person.ban_title, mute: person.mute_title, role: person.role_title }[act](name);
  const label = { kick: person.do_kick, ban: person.do_ban, mute: person.do_mute, role: person.do_role }[act];
  const ask = (): Promise<void> => {
    const why = reason?.value.trim() || undefined;
    switch (act) {
      case 'kick': return room.kick(user.id, why);
      case 'ban': return room.ban(user.id, why);
      case 'mute': return room.mute(user.id, Date.now() + Number(duration()), why);
      case 'role': return room.setRole(user.id, role());
    }
  };
  return (
    <Dialog title={title} onClose={closeDialog}>
      <AskForm label={label} danger={act === 'kick' || act === 'ban'} ask={ask} onDone={closeDialog}>
        <Show when={act === 'kick'}><p>{person.kick_text}</p></Show>
        <Show when={act === 'ban'}><p>{person.ban_text}</p></Show>
        <Show when={act === 'mute'}><Choices legend={person.duration} options={person.durations} value={duration()} onChoose={setDuration} /></Show>
        <Show when={act === 'role'} fallback={<label>{person.reason}<input ref={reason} data-autofocus autocomplete="off" dir="auto" /></label>}>
          <Choices legend={person.role_title(name)} options={words().role_names} value={role()} onChoose={setRole} />
        </Show>
      </AskForm>
    </Dialog>
  );
}
