// Unit tests of what needs no browser; all else is tested in one, in tests/browser.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@parlor/client': fileURLToPath(new URL('../client/src/index.ts', import.meta.url)) } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
