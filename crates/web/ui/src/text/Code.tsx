// A block of code, with its language and a button to copy it. The highlighter is loaded with the first block.

import { Show, createResource, type JSX } from 'solid-js';
import { Copy } from 'lucide';
import { copy } from '../ui/copy.ts';
import { Icon } from '../ui/Icon.tsx';
import { words } from '../words/index.ts';

/** Longer code stays plain: to colour it would hold up the page. */
const LENGTH_MAX = 8_000;

export function Code(props: { readonly text: string; readonly language: string }): JSX.Element {
  const language = (): string => props.language.trim().split(/\s/u)[0]?.toLowerCase().slice(0, 24) ?? '';
  const wanted = (): { text: string; language: string } | null => (language() && props.text.length <= LENGTH_MAX ? { text: props.text, language: language() } : null);
  const [coloured] = createResource(wanted, async ({ text, language: name }) => {
    try { return (await import('./highlight.ts')).highlighted(text, name); } catch { return null; }
  });
  return (
    <figure class="code" dir="ltr">
      <figcaption>
        <span>{language() || words().log.code}</span>
        <button type="button" class="quiet small" tabIndex={-1} onClick={() => void copy(props.text)}><Icon of={Copy} />{words().log.copy_code}</button>
      </figcaption>
      <pre tabIndex={-1}><code><Show when={coloured.latest} fallback={props.text}>{(nodes) => nodes()}</Show></code></pre>
    </figure>
  );
}
