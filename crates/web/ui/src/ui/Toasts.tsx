// The notes at the lower edge.

import { For, Show, type JSX } from 'solid-js';
import { X } from 'lucide';
import { dismiss, toasts } from '../state/toasts.ts';
import { words } from '../words/index.ts';
import { Icon } from './Icon.tsx';

export function Toasts(): JSX.Element {
  return (
    <div class="toasts">
      <For each={toasts()}>
        {(toast) => (
          <div class="toast" classList={{ error: toast.kind === 'error' }} role={toast.kind === 'error' ? 'alert' : 'status'}>
            <span dir="auto">{toast.text}</span>
            <Show when={toast.action}>
              {(action) => <button type="button" class="link" onClick={() => { dismiss(toast.id); action().run(); }}>{action().label}</button>}
            </Show>
            <button type="button" class="quiet square" aria-label={words().close} onClick={() => dismiss(toast.id)}><Icon of={X} /></button>
          </div>
        )}
      </For>
    </div>
  );
}
