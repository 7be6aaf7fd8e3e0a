import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const strictPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** Hot reload needs an inline script, inline styles and a web socket. A build gets none of these. */
const devPolicy = strictPolicy.map((rule) => {
  if (rule.startsWith('script-src') || rule.startsWith('style-src')) return `${rule} 'unsafe-inline'`;
  return rule.startsWith('connect-src') ? `${rule} ws:` : rule;
});

/** Puts the Content-Security-Policy into the page, before anything that it governs. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'hopscope:content-security-policy',
    transformIndexHtml(_html, context) {
      const content = (context.server ? devPolicy : strictPolicy).join('; ');
      const attrs = { 'http-equiv': 'Content-Security-Policy', content };
      return [{ tag: 'meta', attrs, injectTo: 'head-prepend' }];
    },
  };
}

/** Writes dist/sw.js, which keeps every built file for use offline. A different build is a different version. */
function serviceWorker(): Plugin {
  return {
    name: 'hopscope:service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      if (this.environment.name !== 'client') return;
      const hash = createHash('sha256');
      const built = Object.values(bundle).filter((file) => !file.fileName.endsWith('.map'));
      for (const file of built) hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source);
      const copied = readdirSync('public', { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/'));
      for (const path of copied) hash.update(path).update(readFileSync(path));

      const files = [...built.map((file) => file.fileName), ...copied.map((path) => path.replace(/^public\//, ''))];
      const addresses = ['./', ...files.filter((file) => file !== 'index.html').sort()];
      const source = readFileSync('scripts/service-worker.js', 'utf8')
        .replace('__FILES__', JSON.stringify(addresses, null, 2))
        .replace('__VERSION__', hash.digest('hex').slice(0, 16));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [react(), contentSecurityPolicy(), serviceWorker()],
  worker: { format: 'es' },
  resolve: { alias: { 'd3-transition': fileURLToPath(new URL('src/render/no-transition.ts', import.meta.url)) } },
  build: {
    target: 'es2022',
    // A font or picture as a data: address would need a weaker policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // The editor comes with the YAML panel, by import(). Named, so that a chunk says what is in it.
            { name: 'editor', test: /node_modules[\\/](@codemirror|@lezer|style-mod|w3c-keyname|crelt)[\\/]/ },
            { name: 'yaml', test: /node_modules[\\/]yaml[\\/]/ },
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            // All that the first screen needs, in one piece: lazy parts that share a module with it must not cut it up.
            { name: 'start', tags: ['$initial'] },
          ],
        },
      },
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
    // Laws walk hundreds of worlds: on a busy machine the usual 5 seconds are short.
    testTimeout: 30_000,
  },
});
