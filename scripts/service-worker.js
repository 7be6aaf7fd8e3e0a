// Hopscope works offline once loaded. vite.config.ts writes this file to dist/sw.js with the two placeholders filled in.
// Every address is relative to the worker's own, so any sub-path of any static host works.
const FILES = __FILES__;
const PREFIX = `hopscope ${self.registration.scope} `;
const CACHE = `${PREFIX}__VERSION__`;
const PAGE = new URL('./', self.location.href).href;

self.addEventListener('install', (event) => {
  const requests = FILES.map((file) => new Request(new URL(file, PAGE), { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

self.addEventListener('activate', (event) => {
  const dropOld = async () => {
    const names = await caches.keys();
    await Promise.all(
      names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
    );
    await self.clients.claim();
  };
  event.waitUntil(dropOld());
});

self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
});

/** Hosts send `Vary: Origin`, and a module script asks with another Origin than the install did: same file all the same. */
async function kept(request) {
  const cache = await caches.open(CACHE);
  return cache.match(request, { ignoreVary: true });
}

async function answer(event) {
  const { request } = event;
  if (request.mode !== 'navigate') {
    return (await kept(request)) ?? fetch(request);
  }
  // A newer build waits. It takes over on a reload, and only when no other tab still runs the old files.
  const tabs = await self.clients.matchAll();
  if (self.registration.waiting && tabs.length < 2) {
    self.registration.waiting.postMessage('take over');
    return new Response('', { headers: { Refresh: '0' } });
  }
  return (await kept(PAGE)) ?? fetch(request);
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  const isPage = url.pathname === new URL(PAGE).pathname || url.pathname === new URL('index.html', PAGE).pathname;
  if (url.origin !== self.location.origin || (request.mode === 'navigate' && !isPage)) return;
  event.respondWith(answer(event));
});
