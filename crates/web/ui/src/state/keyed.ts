// A list of snapshots as a list of models that stay: when an item changes, only what reads this one is drawn again,
// and focus, selection and open menus in all rows survive.

import { createMemo, createSignal, untrack, type Accessor, type Setter } from 'solid-js';

export interface Keyed<T> {
  readonly key: string;
  readonly value: Accessor<T>;
}

type Entry<T> = Keyed<T> & { readonly set: Setter<T> };

export function keyed<T extends object>(
  source: () => readonly T[],
  keyOf: (item: T) => string,
  equals: (one: T, other: T) => boolean = (one, other) => one === other,
): Accessor<readonly Keyed<T>[]> {
  let known = new Map<string, Entry<T>>();
  return createMemo<readonly Entry<T>[]>((before) => {
    const items = source();
    return untrack(() => {
      const next = new Map<string, Entry<T>>();
      const list = items.map((item) => {
        const key = keyOf(item);
        let entry = known.get(key);
        if (entry) {
          entry.set(() => item);
        } else {
          const [value, set] = createSignal(item, { equals });
          entry = { key, value, set };
        }
        next.set(key, entry);
        return entry;
      });
      known = next;
      const same = list.length === before.length && list.every((entry, at) => entry === before[at]);
      return same ? before : list;
    });
  }, []);
}
