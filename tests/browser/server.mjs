// Starts, kills and restarts the real binary for a test.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const TARGET = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;
const BINARY = process.env.BROWSER_TEST_BINARY ?? join(TARGET, 'debug', 'parlor');

export class Server {
  #child = null;
  #log = [];

  /** The settings are environment variables. */
  constructor(settings = {}) {
    this.settings = settings;
    this.folder = mkdtempSync(join(tmpdir(), 'parlor-browser-'));
    this.listen = '127.0.0.1:0';
  }

  get url() { return `http://${this.listen}`; }
  get log() { return this.#log.join('\n'); }

  /** Starts the server and resolves when it listens; a restart reuses the first address. */
  async start() {
    const child = spawn(BINARY, [], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        PARLOR_LISTEN: this.listen,
        PARLOR_OPERATOR_LISTEN: '127.0.0.1:0',
        PARLOR_DATA_DIR: join(this.folder, 'data'),
        PARLOR_LOG_FORMAT: 'json',
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    await new Promise((resolve, reject) => {
      const line = (text) => {
        this.#log.push(text);
        const address = /"address":"([^"]+)"/.exec(text)?.[1];
        if (address && text.includes('listening')) { this.listen = address; resolve(); }
      };
      createInterface({ input: child.stdout }).on('line', line);
      createInterface({ input: child.stderr }).on('line', line);
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal} before it listened:\n${this.log}`)));
    });
  }

  /** Sends a signal and resolves with the exit code. */
  async end(signal) {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  async clear() {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
