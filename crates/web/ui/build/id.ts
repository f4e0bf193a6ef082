// The name of a build: a digest of everything that it is made of, so that the same sources have the same name.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const MADE_OF = ['index.html', 'package-lock.json', 'vite.config.ts', 'build', 'public', 'src', '../client/src'];

function* files(path: string): Generator<string> {
  const entries = (() => {
    try { return readdirSync(path, { withFileTypes: true }); } catch { return null; }
  })();
  if (!entries) { yield path; return; }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) yield* files(join(path, entry.name));
}

export function buildId(): string {
  const digest = createHash('sha256');
  for (const part of MADE_OF) {
    for (const file of files(join(HERE, part))) {
      digest.update(relative(HERE, file)).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return digest.digest('hex').slice(0, 12);
}
