// One's own settings: the account, how the page looks and tells, and the devices.

import { Show, createSignal, type JSX } from 'solid-js';
import { client, me, state } from '../state/client.ts';
import { closeDialog } from '../state/dialogs.ts';
import * as prefs from '../state/prefs.ts';
import { closeRoom } from '../state/route.ts';
import { tell, toast } from '../state/toasts.ts';
import { beep } from '../notify.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Name } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { AskForm, Choices } from './form.tsx';
import { Devices } from './Devices.tsx';
import { Profile } from './Profile.tsx';

export function Settings(): JSX.Element {
  const text = (): ReturnType<typeof words>['settings'] => words().settings;
  const [unsure, setUnsure] = createSignal('');
  const signOut = (): void => {
    const { waiting, refused } = state().totals;
    const unsent = waiting + refused;
    const reason = [unsent > 0 ? text().sign_out_unsent(unsent) : '', me()?.guest ? text().sign_out_guest : ''].filter(Boolean).join(' ');
    if (reason && !unsure()) { setUnsure(reason); return; }
    closeDialog();
    closeRoom(true);
    void client.logout().catch(tell);
  };
  const setPopups = async (wanted: HTMLInputElement): Promise<void> => {
    if (!wanted.checked) { prefs.setPopups('off'); return; }
    const allowed = 'Notification' in window && (await Notification.requestPermission()) === 'granted';
    if (allowed) prefs.setPopups('on'); else toast(text().popups_denied, { kind: 'error' });
    wanted.checked = allowed;
  };
  return (
    <Dialog title={text().title} onClose={closeDialog} class="tall">
      <section>
        <h3>{text().profile}</h3>
        <Show when={me()}>{(user) => <p>{text().signed_in_as} <Name of={user()} class="author" full />{user().guest ? ` (${text().guest})` : ''}</p>}</Show>
        <Show when={me()?.guest}><Upgrade /></Show>
        <Show when={unsure()}><p class="error" role="alert">{unsure()}</p></Show>
        <button type="button" class={unsure() ? 'danger' : 'plain'} onClick={signOut}>{text().sign_out}</button>
      </section>
      <Profile />
      <section>
        <h3>{text().looks}</h3>
        <Choices legend={text().theme} options={text().themes} value={prefs.theme()} onChoose={prefs.setTheme} />
        <Choices legend={text().density} options={text().densities} value={prefs.density()} onChoose={prefs.setDensity} />
        <Choices legend={text().language} options={text().languages} value={prefs.language()} onChoose={prefs.setLanguage} />
      </section>
      <section>
        <h3>{text().notifications}</h3>
        <label class="check"><input type="checkbox" checked={prefs.popups() === 'on'} onChange={(event) => void setPopups(event.currentTarget)} /> {text().popups}</label>
        <label class="check"><input type="checkbox" checked={prefs.sound() === 'on'} onChange={(event) => { prefs.setSound(event.currentTarget.checked ? 'on' : 'off'); if (event.currentTarget.checked) beep(); }} /> {text().sound}</label>
      </section>
      <Devices />
      <Show when={!me()?.guest}><Password /><Delete /></Show>
    </Dialog>
  );
}

function Upgrade(): JSX.Element {
  let password!: HTMLInputElement;
  return (
    <AskForm label={words().settings.keep} ask={() => client.upgrade({ password: password.value })}>
      <p class="hint">{words().settings.guest_text}</p>
      <input type="text" hidden autocomplete="username" value={me()?.name ?? ''} />
      <label>{words().settings.new_password}<input ref={password} type="password" autocomplete="new-password" /></label>
    </AskForm>
  );
}

function Password(): JSX.Element {
  let old!: HTMLInputElement;
  let fresh!: HTMLInputElement;
  const change = async (): Promise<void> => {
    await client.changePassword(old.value, fresh.value);
    old.value = fresh.value = '';
    toast(words().settings.password_changed);
  };
  return (
    <section>
      <h3>{words().settings.password}</h3>
      <AskForm label={words().settings.password} ask={change}>
        <label>{words().settings.old_password}<input ref={old} type="password" autocomplete="current-password" /></label>
        <label>{words().settings.new_password}<input ref={fresh} type="password" autocomplete="new-password" /></label>
      </AskForm>
    </section>
  );
}

function Delete(): JSX.Element {
  let password!: HTMLInputElement;
  const remove = async (): Promise<void> => {
    await client.deleteAccount(password.value);
    closeDialog();
    closeRoom(true);
    toast(words().settings.deleted);
  };
  return (
    <details>
      <summary>{words().settings.delete}</summary>
      <AskForm label={words().settings.delete} danger ask={remove}>
        <p>{words().settings.delete_text}</p>
        <label>{words().settings.old_password}<input ref={password} type="password" autocomplete="current-password" /></label>
      </AskForm>
    </details>
  );
}
