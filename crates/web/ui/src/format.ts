// Dates and numbers as the reader's language has them. Formatters are slow to make, so each is made once.

import { createMemo, createRoot } from 'solid-js';
import { dayNumber } from './day-number.ts';
import { languageTag } from './words/index.ts';

const formats = createRoot(() => createMemo(() => {
  const tag = languageTag();
  return {
    time: new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long' }),
    dayOfYear: new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    full: new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'medium' }),
    short: new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' }),
    relative: new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }),
    number: new Intl.NumberFormat(tag),
  };
}));

export const time = (at: string | number): string => formats().time.format(new Date(at));
export const full = (at: string | number): string => formats().full.format(new Date(at));
export const number = (value: number): string => formats().number.format(value);

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase(languageTag()) + text.slice(1);
}

/** "Today", "Yesterday", "Tuesday, 1 December", and with the year if it is another one. */
export function day(at: string | number): string {
  const ago = dayNumber(Date.now()) - dayNumber(at);
  if (ago === 0 || ago === 1) return capital(formats().relative.format(-ago, 'day'));
  const date = new Date(at);
  const format = date.getFullYear() === new Date().getFullYear() ? formats().day : formats().dayOfYear;
  return format.format(date);
}

/** For lists: the time today, else the day. */
export function when(at: string | number): string {
  return dayNumber(at) === dayNumber(Date.now()) ? time(at) : formats().short.format(new Date(at));
}

/** How long ago, in the largest unit that fits. */
export function ago(at: string | number): string {
  const minutes = Math.round((Date.now() - new Date(at).getTime()) / 60_000);
  if (minutes < 60) return formats().relative.format(-minutes, 'minute');
  if (minutes < 24 * 60) return formats().relative.format(-Math.round(minutes / 60), 'hour');
  return formats().relative.format(-Math.round(minutes / 60 / 24), 'day');
}
