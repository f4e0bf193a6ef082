// A form in a dialog: one thing is asked of the server, and its refusal stands where it was asked.

import { Show, createSignal, type JSX } from 'solid-js';
import { errorText, words } from '../words/index.ts';

export interface AskFormProps {
  readonly label: string;
  readonly ask: () => Promise<unknown>;
  readonly onDone?: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly children?: JSX.Element;
  readonly class?: string;
}

export function AskForm(props: AskFormProps): JSX.Element {
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  const submitted = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    setBusy(true);
    setError(undefined);
    try { await props.ask(); props.onDone?.(); } catch (refusal) { setError(refusal); } finally { setBusy(false); }
  };
  return (
    <form class={`ask ${props.class ?? ''}`} onSubmit={(event) => void submitted(event)} novalidate>
      {props.children}
      <p class="error" role="alert"><Show when={error()}>{(it) => errorText(it())}</Show></p>
      <button type="submit" class={props.danger ? 'danger' : undefined} disabled={busy() || props.disabled} aria-busy={busy()}>{busy() ? words().sign_in.busy : props.label}</button>
    </form>
  );
}

/** A line of choices, of which one holds. */
export function Choices<T extends string>(props: { readonly legend: string; readonly options: Readonly<Record<string, string>>; readonly value: T; readonly onChoose: (value: T) => void; readonly disabled?: boolean }): JSX.Element {
  const name = `choice-${Math.random().toString(36).slice(2)}`;
  return (
    <fieldset class="choices" disabled={props.disabled}>
      <legend>{props.legend}</legend>
      {Object.keys(props.options).map((value) => (
        <label><input type="radio" name={name} value={value} checked={props.value === value} onChange={() => props.onChoose(value as T)} /> {props.options[value]}</label>
      ))}
    </fieldset>
  );
}
