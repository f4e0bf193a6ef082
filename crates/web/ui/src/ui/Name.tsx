// A person's name. Names come from strangers: each is isolated, so that a right-to-left one turns nothing around.

import type { JSX } from 'solid-js';
import type { User } from '@parlor/client';

export function Name(props: { readonly of: User; readonly class?: string }): JSX.Element {
  return <bdi class={props.class} data-user={props.of.id}>{visible(props.of.name)}</bdi>;
}

/** A name within a sentence: between marks that isolate it, and without marks of its own. */
export function isolated(name: string): string {
  return `\u2068${visible(name)}\u2069`;
}

/** Takes out what would reorder its surroundings. */
export function visible(name: string): string {
  return name.replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g, '');
}
