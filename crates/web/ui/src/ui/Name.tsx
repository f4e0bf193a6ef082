// A person's name. Names come from strangers: each is isolated, so that a right-to-left one turns nothing around.

import { Show, createMemo, type JSX } from 'solid-js';
import type { User } from '@parlor/client';
import { client, state } from '../state/client.ts';

/** How a person wants to be called, else the name. With `full` the name stands beside it: only names are unique. */
export function Name(props: { readonly of: User; readonly class?: string; readonly full?: boolean }): JSX.Element {
  const display = createMemo(() => displayOf(props.of));
  return (
    <>
      <bdi class={props.class} data-user={props.of.id} title={display() ? visible(props.of.name) : undefined}>{display() ?? visible(props.of.name)}</bdi>
      <Show when={props.full && display()}> <bdi class="handle">{visible(props.of.name)}</bdi></Show>
    </>
  );
}

/** How a person is called where there is room for one name alone. */
export function calledName(user: User): string { return displayOf(user) ?? visible(user.name); }

/** A person in a sentence: both names, isolated. */
export function inSentence(user: User): string {
  const display = displayOf(user);
  return isolated(display ? `${display} (${user.name})` : user.name);
}

/** A name within a sentence: between marks that isolate it, and without marks of its own. */
export function isolated(name: string): string {
  return `\u2068${visible(name)}\u2069`;
}

/** Takes out what would reorder its surroundings. */
export function visible(name: string): string {
  return name.replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g, '');
}

function displayOf(user: User): string | undefined {
  state();
  const display = visible(client.profile(user.id)?.display ?? '');
  return display && display !== user.name ? display : undefined;
}
