// The dialog that is open.

import { Match, Switch, type JSX } from 'solid-js';
import { openedDialog, type OpenDialog } from '../state/dialogs.ts';
import { Create } from './Create.tsx';
import { Direct, Leave } from './Small.tsx';
import { Find } from './Find.tsx';
import { Help } from './Help.tsx';
import { Invite } from './Invite.tsx';
import { Manage } from './Manage.tsx';
import { Moderate } from './Moderate.tsx';
import { Settings } from './Settings.tsx';
import { Switcher } from './Switcher.tsx';

type Named<N extends OpenDialog['name']> = Extract<OpenDialog, { name: N }>;

export function Dialogs(): JSX.Element {
  const named = <N extends OpenDialog['name']>(name: N): Named<N> | undefined => {
    const it = openedDialog();
    return it?.name === name ? (it as Named<N>) : undefined;
  };
  const inRoom = (name: 'manage' | 'invite' | 'leave'): string | undefined => {
    const it = openedDialog();
    return it?.name === name ? (it as { room: string }).room : undefined;
  };
  return (
    <Switch>
      <Match when={named('switcher')}>{(it) => <Switcher text={it().text ?? ''} room={it().room} />}</Match>
      <Match when={openedDialog()?.name === 'find'}><Find /></Match>
      <Match when={openedDialog()?.name === 'direct'}><Direct /></Match>
      <Match when={openedDialog()?.name === 'settings'}><Settings /></Match>
      <Match when={openedDialog()?.name === 'help'}><Help /></Match>
      <Match when={named('create')}>{(it) => <Create suggested={it().suggested ?? ''} />}</Match>
      <Match when={inRoom('manage')}>{(room) => <Manage room={room()} />}</Match>
      <Match when={inRoom('invite')}>{(room) => <Invite room={room()} />}</Match>
      <Match when={inRoom('leave')}>{(room) => <Leave room={room()} />}</Match>
      <Match when={named('moderate')}>{(it) => <Moderate of={it()} />}</Match>
    </Switch>
  );
}
