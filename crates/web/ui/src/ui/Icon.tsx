// Icons of lucide as inline SVG, built node by node.

import { createMemo, type JSX } from 'solid-js';
import type { IconNode } from 'lucide';

const SVG = 'http://www.w3.org/2000/svg';

function element(node: IconNode): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false' })) {
    svg.setAttribute(name, value);
  }
  for (const [tag, attributes] of node) {
    const part = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) part.setAttribute(name, String(value));
    svg.append(part);
  }
  return svg;
}

export function Icon(props: { readonly of: IconNode }): JSX.Element {
  return <>{createMemo(() => element(props.of))()}</>;
}
