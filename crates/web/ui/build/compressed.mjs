// Checks that each compressed form holds the bytes of its file, and that there is one wherever it pays.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const [, , dist] = process.argv;
const wrong = readdirSync(dist, { recursive: true }).map(String).filter((name) => {
  const form = { gz: gunzipSync, br: brotliDecompressSync }[name.split('.').pop()];
  if (!form) return false;
  const plain = join(dist, name.slice(0, -3));
  return !existsSync(plain) || !form(readFileSync(join(dist, name))).equals(readFileSync(plain));
});
if (wrong.length > 0) {
  console.error(`these compressed files are not what their names say, run 'just page': ${wrong.join(', ')}`);
  process.exit(1);
}
