// How the page is built: into ../dist, which is committed, under names that hold for one build for ever.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';
import { buildId } from './build/id.ts';
import { finish } from './build/finish.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const build = buildId();

export default defineConfig({
  plugins: [solid(), finish(build)],
  resolve: { alias: { '@parlor/client': path('../client/src/index.ts') } },
  // `vite` serves the sources to a browser and hands everything else to a server on its usual port.
  server: {
    proxy: Object.fromEntries(['/ws', '/api', '/health'].map((own) => [own, { target: 'http://127.0.0.1:8080', ws: own === '/ws', changeOrigin: true }])),
  },
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    assetsDir: `assets/${build}`,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome111', 'firefox114', 'safari16.4'],
    cssCodeSplit: false,
    reportCompressedSize: false,
    // Emoji and the highlighter are large, and loaded when they are needed.
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        entryFileNames: `assets/${build}/[name].js`,
        chunkFileNames: `assets/${build}/[name].js`,
        assetFileNames: `assets/${build}/[name][extname]`,
      },
    },
  },
});
