// Coloured code as elements: the highlighter's own tree, never its HTML.

import hljs from 'highlight.js/lib/common';

interface Scope { readonly scope?: string; readonly children: readonly (Scope | string)[] }

function nodes(scope: Scope): Node[] {
  return scope.children.map((child) => {
    if (typeof child === 'string') return document.createTextNode(child);
    const span = document.createElement('span');
    const name = child.scope?.split('.')[0];
    if (name && !name.startsWith('language:')) span.className = `hl-${name}`;
    span.append(...nodes(child));
    return span;
  });
}

/** Returns null for a language that it does not know. */
export function highlighted(text: string, language: string): Node[] | null {
  if (!hljs.getLanguage(language)) return null;
  const result = hljs.highlight(text, { language, ignoreIllegals: true }) as unknown as { _emitter: { rootNode: Scope } };
  return nodes(result._emitter.rootNode);
}
