// A modal dialog: the browser's own, which keeps the focus inside, ends by Esc, and gives the focus back. The notes
// are part of it while it is open: whatever lies outside can be neither reached nor heard.

import { onCleanup, onMount, type JSX } from 'solid-js';
import { X } from 'lucide';
import { words } from '../words/index.ts';
import { Icon } from './Icon.tsx';
import { Toasts } from './Toasts.tsx';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: JSX.Element;
  readonly class?: string;
}

export function Dialog(props: DialogProps): JSX.Element {
  let dialog!: HTMLDialogElement;
  const before = document.activeElement;
  onMount(() => {
    dialog.showModal();
    const wanted = dialog.querySelector<HTMLElement>('[data-autofocus]');
    wanted?.focus();
  });
  onCleanup(() => {
    dialog.close();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  // A press on the backdrop is one on the dialog itself: its box inside takes all others.
  const outside = (event: MouseEvent): void => { if (event.target === dialog) props.onClose(); };
  return (
    <dialog ref={dialog} class={`dialog ${props.class ?? ''}`} aria-labelledby="dialog-title"
      onCancel={(event) => { event.preventDefault(); props.onClose(); }} onMouseDown={outside}>
      <div class="dialog-box">
        <header>
          <h2 id="dialog-title" dir="auto">{props.title}</h2>
          <button type="button" class="quiet square" aria-label={words().close} onClick={() => props.onClose()}><Icon of={X} /></button>
        </header>
        {props.children}
      </div>
      <Toasts />
    </dialog>
  );
}
