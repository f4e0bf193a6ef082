// How one wants to be shown: a name beside the name, a colour, a picture.

import { Show, createMemo, createSignal, type JSX } from 'solid-js';
import type { Profile as ProfileOf } from '@parlor/client';
import { client, me, state } from '../state/client.ts';
import { asPicture } from '../picture.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { errorText, words } from '../words/index.ts';
import { AskForm } from './form.tsx';

const DISPLAY_MAX = 64;
/** What the chooser of colours begins with. */
const FIRST_COLOUR = '#2d5d7b';

export function Profile(): JSX.Element {
  const text = (): ReturnType<typeof words>['profile'] => words().profile;
  const profile = createMemo<ProfileOf | undefined>(() => { state(); const user = me(); return user ? client.profile(user.id) : undefined; });
  const [coloured, setColoured] = createSignal<boolean>();
  const isColoured = (): boolean => coloured() ?? !!profile()?.colour;
  let display!: HTMLInputElement;
  let colour!: HTMLInputElement;
  const save = (): Promise<unknown> => client.setProfile({ display: display.value.trim(), colour: isColoured() ? colour.value : '' });
  return (
    <section>
      <h3>{text().title}</h3>
      <Show when={me() && !me()!.guest}><Picture of={profile()} /></Show>
      <AskForm label={text().save} ask={save}>
        <label>{text().display}<input ref={display} value={profile()?.display ?? ''} maxlength={DISPLAY_MAX} autocomplete="nickname" dir="auto" /></label>
        <p class="hint">{text().display_hint}</p>
        <label class="check"><input type="checkbox" checked={isColoured()} onChange={(event) => setColoured(event.currentTarget.checked)} /> {text().own_colour}</label>
        <input ref={colour} type="color" aria-label={text().colour} hidden={!isColoured()} value={profile()?.colour ?? FIRST_COLOUR} />
      </AskForm>
    </section>
  );
}

function Picture(props: { readonly of: ProfileOf | undefined }): JSX.Element {
  const [error, setError] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  let chooser!: HTMLInputElement;
  const change = async (ask: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError('');
    try { await ask(); } catch (refusal) { setError(errorText(refusal)); } finally { setBusy(false); }
  };
  const chosen = async (): Promise<void> => {
    const [file] = chooser.files ?? [];
    chooser.value = '';
    if (!file) return;
    const picture = await asPicture(file);
    if (picture) await change(() => client.setPicture(picture)); else setError(words().profile.no_picture);
  };
  return (
    <div class="picture">
      <Show when={me()}>{(user) => <Avatar of={user()} />}</Show>
      <input ref={chooser} type="file" accept="image/*" hidden onChange={() => void chosen()} data-chooser="picture" />
      <button type="button" class="plain small" disabled={busy()} aria-busy={busy()} onClick={() => chooser.click()}>{words().profile.choose}</button>
      <Show when={props.of?.picture}><button type="button" class="plain small" disabled={busy()} onClick={() => void change(() => client.setProfile({ picture: '' }))}>{words().profile.remove}</button></Show>
      <p class="error" role="alert">{error()}</p>
    </div>
  );
}
