// Coming in: as a guest, with an account, or with a new one.

import { Show, createResource, createSignal, onMount, type JSX } from 'solid-js';
import { ParlorError } from '@parlor/client';
import { client, connection } from '../state/client.ts';
import { route } from '../state/route.ts';
import { errorText, words } from '../words/index.ts';

type How = 'guest' | 'sign_in' | 'register';

const PASSWORD_MIN = 8;

export function SignIn(): JSX.Element {
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  const [hint, setHint] = createSignal('');
  let name!: HTMLInputElement;
  let password!: HTMLInputElement;
  let invite: HTMLInputElement | undefined;
  // The server says only by its refusal that it wants a code.
  const [wantsInvite, setWantsInvite] = createSignal(false);
  const code = (): string | undefined => { const it = route(); return it.at === 'invite' ? it.code : undefined; };
  const [link] = createResource(code, async (it) => { try { return await client.linkInfo(it); } catch { return null; } });
  const ended = (): unknown => { const it = connection(); return it.status === 'signed-out' ? it.error : undefined; };
  onMount(() => { if (matchMedia('(hover: hover)').matches) name.focus(); });

  const enter = async (how: How): Promise<void> => {
    const [who, secret] = [name.value.trim(), password.value];
    setError(undefined);
    setHint('');
    if (!who) { setHint(words().sign_in.name_missing); name.focus(); return; }
    if (how !== 'guest' && !secret) { setHint(words().sign_in.password_missing); password.focus(); return; }
    if (how === 'register' && [...secret].length < PASSWORD_MIN) { setHint(words().sign_in.password_short); password.focus(); return; }
    setBusy(true);
    try {
      const account = { name: who, password: secret, device: deviceName() };
      if (how === 'guest') await client.signIn({ guest: who });
      else if (how === 'sign_in') await client.login(account);
      else await client.register({ ...account, ...invite?.value.trim() && { invite: invite.value.trim() } });
    } catch (refusal) {
      setError(refusal);
      if (how === 'register' && refusal instanceof ParlorError && refusal.name === 'forbidden') { setWantsInvite(true); invite?.focus(); } else (how === 'sign_in' ? password : name).focus();
    } finally { setBusy(false); }
  };
  // Enter does what is meant: with a password it signs in, with a name alone it is a guest's.
  const submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    const pressed = (event.submitter as HTMLButtonElement | null)?.value as How | undefined;
    void enter(pressed && !byEnter ? pressed : password.value ? 'sign_in' : 'guest');
    byEnter = false;
  };
  let byEnter = false;
  const suggested = (): string | undefined => { const it = error(); return it instanceof ParlorError ? it.suggest : undefined; };

  return (
    <main class="sign-in">
      <form onSubmit={submitted} onKeyDown={(event) => { byEnter = event.key === 'Enter' && (event.target as HTMLElement).tagName === 'INPUT' && !event.isComposing; }} novalidate>
        <h1><img src="/icon.svg" alt="" width="32" height="32" /> Parlor</h1>
        <Show when={code() !== undefined && link.state === 'ready'} fallback={<p class="intro">{words().sign_in.intro}</p>}>
          <p class="intro" dir="auto">{link() ? words().sign_in.intro_link(link()!.title, link()!.members) : words().sign_in.link_gone}</p>
        </Show>
        <label>{words().sign_in.name}
          <input ref={name} name="username" maxlength="64" autocomplete="username" autocapitalize="none" spellcheck={false} dir="auto" aria-describedby="sign-in-error" />
        </label>
        <label>{words().sign_in.password}
          <input ref={password} name="password" type="password" maxlength="256" autocomplete="current-password" aria-describedby="password-hint sign-in-error" />
        </label>
        <p id="password-hint" class="hint">{words().sign_in.password_hint}</p>
        <Show when={wantsInvite()}>
          <label>{words().sign_in.invite}
            <input ref={(it) => { invite = it; }} name="invite" maxlength="256" autocomplete="off" autocapitalize="none" spellcheck={false} aria-describedby="invite-hint sign-in-error" />
          </label>
          <p id="invite-hint" class="hint">{words().sign_in.invite_hint}</p>
        </Show>
        <div id="sign-in-error" class="error" role="alert">
          <Show when={hint()}>{hint()}</Show>
          <Show when={error() ?? ended()}>{(it) => errorText(it())}</Show>
          <Show when={suggested()}>
            {(free) => <button type="button" class="link" onClick={() => { name.value = free(); setError(undefined); name.focus(); }}>{words().sign_in.use_name(free())}</button>}
          </Show>
        </div>
        <div class="buttons">
          <button type="submit" value="guest" disabled={busy()}>{words().sign_in.guest}</button>
          <button type="submit" value="sign_in" class="plain" disabled={busy()}>{words().sign_in.sign_in}</button>
          <button type="submit" value="register" class="plain" disabled={busy()}>{words().sign_in.register}</button>
        </div>
        <p class="hint" role="status">{busy() ? words().sign_in.busy : ''}</p>
      </form>
    </main>
  );
}

/** What the list of devices calls this one: the browser and the system, as far as it says so. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Firefox|Edg|OPR|Chrome|Safari/u.exec(agent)?.[0] ?? 'Browser';
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/u.exec(agent)?.[0] ?? '';
  const known: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS': 'macOS' };
  return [known[browser] ?? browser, known[system] ?? system].filter(Boolean).join(', ');
}
