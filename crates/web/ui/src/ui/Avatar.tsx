// A person's picture: initials on one of twelve tones, which their id chooses, so that it never changes.

import { Show, createMemo, type JSX } from 'solid-js';
import type { User } from '@parlor/client';
import { client, state } from '../state/client.ts';
import { calledName, visible } from './Name.tsx';

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

/** Black or white, whichever is easier to read on a colour. */
export function inkOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff';
}

export function Avatar(props: { readonly of: User; readonly small?: boolean; readonly online?: boolean }): JSX.Element {
  const profile = createMemo(() => { state(); return client.profile(props.of.id); });
  const picture = (): string | undefined => { const found = profile()?.picture; return found ? client.pictureUrl(found) : undefined; };
  const colours = (): JSX.CSSProperties => { const colour = profile()?.colour; return colour ? { '--tone': colour, color: inkOn(colour) } : {}; };
  return (
    <span class="avatar" classList={{ small: !!props.small }} data-tone={toneOf(props.of.id)} style={colours()} data-online={props.online} aria-hidden="true">
      <Show when={picture()} fallback={initials(calledName(props.of))}>
        {(src) => <img src={src()} alt="" width="36" height="36" loading="lazy" decoding="async" />}
      </Show>
    </span>
  );
}
