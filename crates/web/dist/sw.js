// The service worker: keeps the files of the page, so that it opens without a network. It keeps no messages and
// answers nothing but the page itself; the server is asked first, so that an update is there at once.

const CACHE = 'parlor-1c611ea7abb7';
const SHELL = ["/","/assets/1c611ea7abb7/compact.js","/assets/1c611ea7abb7/compact2.js","/assets/1c611ea7abb7/de.js","/assets/1c611ea7abb7/github.js","/assets/1c611ea7abb7/highlight.js","/assets/1c611ea7abb7/index.js","/assets/1c611ea7abb7/style.css","/icon-512.png","/icon-maskable-512.png","/icon.svg"];
/** So long the server has to give the page, before the kept one is shown. */
const PATIENCE_MS = 3_000;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const old = (names) => names.filter((name) => name.startsWith('parlor-') && name !== CACHE);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

async function page(request) {
  const kept = async () => (await caches.match('/', { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok ? answer : (await kept());
  } catch { return kept(); }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(page(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(caches.match(request, { cacheName: CACHE, ignoreVary: true }).then((kept) => kept ?? fetch(request)));
});
