// What someone prefers on this device.

import { createEffect, createRoot, createSignal, type Accessor } from 'solid-js';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';
export type Language = 'system' | 'en' | 'de';

function kept<T extends string>(name: string, allowed: readonly T[]): [Accessor<T>, (value: T) => void] {
  const key = `parlor.page.${name}`;
  const read = (): T => {
    try {
      const value = localStorage.getItem(key) as T | null;
      return value !== null && allowed.includes(value) ? value : allowed[0]!;
    } catch { return allowed[0]!; }
  };
  const [value, set] = createSignal<T>(read());
  // Another tab of this browser is the same person at the same desk.
  addEventListener('storage', (event) => { if (event.key === key) set(() => read()); });
  return [value, (next) => {
    set(() => next);
    try { localStorage.setItem(key, next); } catch { /* It holds until the page is closed. */ }
  }];
}

export const [theme, setTheme] = kept<Theme>('theme', ['system', 'light', 'dark']);
export const [density, setDensity] = kept<Density>('density', ['comfortable', 'compact']);
export const [language, setLanguage] = kept<Language>('language', ['system', 'en', 'de']);
export const [popups, setPopups] = kept<'off' | 'on'>('popups', ['off', 'on']);
export const [sound, setSound] = kept<'off' | 'on'>('sound', ['off', 'on']);
export const [peopleShown, setPeopleShown] = kept<'on' | 'off'>('people', ['on', 'off']);

createRoot(() => createEffect(() => {
  const root = document.documentElement;
  if (theme() === 'system') delete root.dataset.theme; else root.dataset.theme = theme();
  root.dataset.density = density();
}));
