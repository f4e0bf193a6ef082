// Starts the page.

import { render } from 'solid-js/web';
import './style/base.css';
import './style/frame.css';
import './style/rooms.css';
import './style/log.css';
import './style/text.css';
import './style/composer.css';
import './style/overlays.css';
import { App } from './app.tsx';
import { toast } from './state/toasts.ts';
import { loadWords, words } from './words/index.ts';

// A part of an older build that is no longer there: the server was updated while this page was open.
addEventListener('vite:preloadError', (event) => {
  event.preventDefault();
  toast(words().connection.new_version, { action: { label: words().connection.reload, run: () => location.reload() } });
});

await loadWords().catch(() => undefined);
render(() => <App />, document.getElementById('app')!);

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined));
}
