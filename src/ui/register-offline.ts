/** Keeps the built app for use offline, in a production build only: in development it would serve yesterday's code. */
export function registerOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  addEventListener('load', () => {
    navigator.serviceWorker.register('./sw.js').catch(() => {
      // Without it, as in a private window or over plain http, the app works as well; only not offline.
    });
  });
}
