// Whether someone looks at this page: it is in sight and its window has the focus.

import { createSignal } from 'solid-js';

const looks = (): boolean => document.visibilityState === 'visible' && document.hasFocus();
const [watched, setWatched] = createSignal(looks());

export const isWatched = watched;

for (const event of ['focus', 'blur', 'pageshow', 'pagehide']) addEventListener(event, () => setWatched(looks()));
document.addEventListener('visibilitychange', () => setWatched(looks()));
