// Starts, kills and restarts the real binary for a test.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const TARGET = process.env['CARGO_TARGET_DIR'] ?? new URL('../../../../../../target', import.meta.url).pathname;
const BINARY = process.env['PARLOR_TEST_BINARY'] ?? join(TARGET, 'debug', 'parlor');

export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'parlor-client-'));
  readonly #settings: Record<string, string>;
  #listen = '127.0.0.1:0';
  #child: ChildProcess | null = null;
  #log: string[] = [];

  /** The settings are environment variables. Limits are off unless they say otherwise. */
  constructor(settings: Record<string, string> = {}) { this.#settings = { PARLOR_LIMITS: 'off', ...settings }; }

  get url(): string { return `http://${this.#listen}`; }

  /** Starts the server and resolves when it listens; a restart reuses the first address. */
  async start(): Promise<void> {
    const child = spawn(BINARY, [], {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'], PARLOR_LISTEN: this.#listen, PARLOR_OPERATOR_LISTEN: '127.0.0.1:0',
        PARLOR_DATA_DIR: join(this.folder, 'data'), PARLOR_LOG_FORMAT: 'json', ...this.#settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const line = (text: string): void => {
        this.#log.push(text);
        const address = /"address":"([^"]+)"/.exec(text)?.[1];
        if (address && text.includes('listening')) { this.#listen = address; resolve(); }
      };
      createInterface({ input: child.stdout }).on('line', line);
      createInterface({ input: child.stderr }).on('line', line);
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal} before it listened:\n${this.#log.join('\n')}`)));
    });
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async clear(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
