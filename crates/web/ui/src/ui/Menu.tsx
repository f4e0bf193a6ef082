// A menu at a button: a popover of the browser, placed where there is room.

import { For, Show, createSignal, createUniqueId, type JSX } from 'solid-js';
import { computePosition, flip, offset, shift, size } from '@floating-ui/dom';
import type { IconNode } from 'lucide';
import { Icon } from './Icon.tsx';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconNode;
  readonly danger?: boolean;
  readonly run: () => void;
}

export interface MenuProps {
  readonly label: string;
  readonly items: () => readonly MenuItem[];
  readonly class?: string;
  readonly children: JSX.Element;
  readonly tabIndex?: number;
  /** Whether the button is named by what stands in it. */
  readonly isNamedInside?: boolean;
}

/** Puts a popover beside what it belongs to, inside the window. */
export async function place(at: Element, popover: HTMLElement): Promise<void> {
  const { x, y } = await computePosition(at, popover, {
    placement: 'bottom-end',
    strategy: 'fixed',
    middleware: [offset(4), flip({ padding: 8 }), shift({ padding: 8 }), size({
      padding: 8,
      apply: ({ availableHeight, elements }) => { elements.floating.style.maxHeight = `${Math.max(120, availableHeight)}px`; },
    })],
  });
  popover.style.left = `${x}px`;
  popover.style.top = `${y}px`;
}

export function Menu(props: MenuProps): JSX.Element {
  const id = createUniqueId();
  const [open, setOpen] = createSignal(false);
  let button!: HTMLButtonElement;
  let popover!: HTMLDivElement;
  const toggled = (event: ToggleEvent): void => {
    const shown = event.newState === 'open';
    setOpen(shown);
    if (shown) {
      void place(button, popover);
      popover.querySelector('button')?.focus();
    }
  };
  const move = (event: KeyboardEvent): void => {
    const items = [...popover.querySelectorAll('button')];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? -1 : null;
    if (to === null) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  };
  return (
    <>
      <button ref={button} type="button" class={props.class} aria-label={props.isNamedInside ? undefined : props.label} title={props.label} aria-haspopup="menu" aria-expanded={open()}
        tabIndex={props.tabIndex} popoverTarget={id}>{props.children}</button>
      <div ref={popover} id={id} popover="auto" class="menu" role="menu" aria-label={props.label} onToggle={toggled} onKeyDown={move}>
        <Show when={open()}>
          <For each={props.items()}>
            {(item) => (
              <button type="button" role="menuitem" classList={{ danger: !!item.danger }} onClick={() => { popover.hidePopover(); button.focus(); item.run(); }}>
                <Show when={item.icon}>{(icon) => <Icon of={icon()} />}</Show>
                {item.label}
              </button>
            )}
          </For>
        </Show>
      </div>
    </>
  );
}
