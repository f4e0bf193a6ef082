// A person's picture: initials on one of twelve tones, which their id chooses, so that it never changes.

import { Show, createMemo, type JSX } from 'solid-js';
import type { User } from '@parlor/client';
import { client, state } from '../state/client.ts';
import { visible } from './Name.tsx';

const TONES = 12;

export function toneOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at += 1) hash = (hash * 31 + id.charCodeAt(at)) >>> 0;
  return hash % TONES;
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The first letters of the first two words of a name. */
export function initials(name: string): string {
  const words = visible(name).split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words.slice(0, 2).map((word) => segments.segment(word)[Symbol.iterator]().next().value?.segment ?? '');
  return first.join('').toLocaleUpperCase() || '?';
}

export function Avatar(props: { readonly of: User; readonly small?: boolean; readonly online?: boolean }): JSX.Element {
  const picture = createMemo(() => {
    state();
    const found = client.profile?.(props.of.id)?.picture;
    return found ? client.pictureUrl(found) : undefined;
  });
  return (
    <span class="avatar" classList={{ small: !!props.small }} data-tone={toneOf(props.of.id)} data-online={props.online} aria-hidden="true">
      <Show when={picture()} fallback={initials(props.of.name)}>
        {(src) => <img src={src()} alt="" width="36" height="36" loading="lazy" decoding="async" />}
      </Show>
    </span>
  );
}
