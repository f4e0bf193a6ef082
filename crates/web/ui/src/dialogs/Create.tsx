// A new room: nothing is made before this is confirmed.

import { createSignal, type JSX } from 'solid-js';
import { client } from '../state/client.ts';
import { closeDialog } from '../state/dialogs.ts';
import { openRoom } from '../state/route.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { words } from '../words/index.ts';
import { AskForm, Choices } from './form.tsx';

export function Create(props: { readonly suggested: string }): JSX.Element {
  const [kind, setKind] = createSignal<'public' | 'private'>('public');
  let name!: HTMLInputElement;
  let topic!: HTMLInputElement;
  const create = async (): Promise<void> => {
    const wanted = { name: name.value.trim(), kind: kind(), ...(topic.value.trim() && { topic: topic.value.trim() }) };
    openRoom((await client.createRoom(wanted)).key);
  };
  return (
    <Dialog title={words().create.title} onClose={closeDialog}>
      <AskForm label={words().create.create} ask={create} onDone={closeDialog}>
        <label>{words().create.name}<input ref={name} data-autofocus value={props.suggested} autocomplete="off" dir="auto" aria-describedby="create-hint" /></label>
        <p class="hint" id="create-hint">{kind() === 'public' ? words().create.name_hint : ''}</p>
        <Choices legend={words().create.kind} options={{ public: words().create.public, private: words().create.private }} value={kind()} onChoose={setKind} />
        <label>{words().create.topic}<input ref={topic} autocomplete="off" dir="auto" /></label>
      </AskForm>
    </Dialog>
  );
}
