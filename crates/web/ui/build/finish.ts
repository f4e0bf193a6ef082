// What is left to do once the bundle is written: the service worker learns the names of its files, and
// each file gets its compressed forms.

import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Shorter files fit into one packet as they are. */
const WORTH_IT = 1_024;

function all(folder: string): string[] {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? all(path) : [path];
  });
}

function nameFilesToTheWorker(dist: string, build: string): void {
  const worker = join(dist, 'sw.js');
  const paths = all(dist).map((file) => `/${relative(dist, file).split(sep).join('/')}`);
  const shell = paths.filter((path) => path.startsWith('/assets/') || path.endsWith('.svg') || path.endsWith('.png'));
  const text = readFileSync(worker, 'utf8').replace('__BUILD__', build).replace('[/* __SHELL__ */]', JSON.stringify(['/', ...shell]));
  writeFileSync(worker, text);
}

function compress(file: string): void {
  const bytes = readFileSync(file);
  if (bytes.length < WORTH_IT || file.endsWith('.png')) return;
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
}

export function finish(build: string): Plugin {
  let dist = '';
  return {
    name: 'parlor-finish',
    apply: 'build',
    configResolved(config) { dist = resolve(config.root, config.build.outDir); },
    closeBundle() {
      nameFilesToTheWorker(dist, build);
      all(dist).forEach(compress);
    },
  };
}
