// Short notes at the lower edge: what went wrong, and what can still be taken back.

import { createSignal } from 'solid-js';
import { errorText } from '../words/index.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'info' | 'error';
  readonly action?: { readonly label: string; readonly run: () => void };
}

const SHOWN_MS = 8_000;
const SHOWN_MAX = 4;

const [list, setList] = createSignal<readonly Toast[]>([]);
let nextId = 1;

export const toasts = list;

export function dismiss(id: number): void {
  setList((all) => all.filter((toast) => toast.id !== id));
}

export function toast(text: string, options: { kind?: Toast['kind']; action?: Toast['action']; forMs?: number } = {}): number {
  const id = nextId++;
  const { kind = 'info', action, forMs = SHOWN_MS } = options;
  setList((all) => [...all.slice(1 - SHOWN_MAX), { id, text, kind, ...(action && { action }) }]);
  setTimeout(() => dismiss(id), forMs);
  return id;
}

/** Tells what went wrong; for the end of a promise that nobody else looks at. */
export function tell(error: unknown): void {
  toast(errorText(error), { kind: 'error' });
}
