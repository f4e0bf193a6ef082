// The moments in which a line may have died unseen, or come back: the network returns, the page is looked at
// again, the device wakes. A timer that comes much too late tells of a sleep that no event announced.

import { globals } from './globals.js';
import type { WakeUps } from './platform.js';

const TICK_MS = 5_000;
/** A tick that is later than this by the clock means that the process was asleep. */
const JUMP_MS = 15_000;

export const defaultWakeUps: WakeUps = (wake) => {
  const ends: (() => void)[] = [];
  const listen = (target: Pick<typeof globals, 'addEventListener' | 'removeEventListener'> | undefined, type: string, handle: () => void): void => {
    if (!target?.addEventListener) return;
    target.addEventListener(type, handle);
    ends.push(() => target.removeEventListener?.(type, handle));
  };
  listen(globals, 'online', () => wake('online'));
  listen(globals, 'pageshow', () => wake('resume'));
  listen(globals, 'focus', () => wake('visible'));
  listen(globals.document, 'resume', () => wake('resume'));
  listen(globals.document, 'visibilitychange', () => { if (globals.document?.visibilityState === 'visible') wake('visible'); });

  let last = Date.now();
  let timer: unknown;
  const tick = (): void => {
    const now = Date.now();
    if (now - last > JUMP_MS) wake('timer');
    last = now;
    timer = unref(globals.setTimeout(tick, TICK_MS));
  };
  timer = unref(globals.setTimeout(tick, TICK_MS));
  ends.push(() => globals.clearTimeout(timer));
  return () => { for (const end of ends) end(); };
};

/** Keeps a timer of Node from keeping the process alive. */
export function unref(timer: unknown): unknown {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
