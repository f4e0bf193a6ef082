// A new line up to the reply to `hello`. Pushes that follow that reply at once wait until someone attaches, so
// that none is lost between the reply and whoever waits for it.

import type { Environment } from './environment.js';
import { ParlorError } from './error.js';
import { Line, type LineEvents, type PushFrame } from './line.js';
import type { HelloReply } from './protocol.js';

const HELLO_MS = 10_000;

export class Greeting {
  readonly line: Line;
  readonly done: Promise<HelloReply>;
  /** Why the line closed, if it did before someone attached. */
  code: number | undefined;
  #early: PushFrame[] = [];
  #events: LineEvents | null = null;

  constructor(environment: Environment, input: () => unknown) {
    let resolve!: (reply: HelloReply) => void;
    let reject!: (error: ParlorError) => void;
    this.done = new Promise<HelloReply>((resolved, rejected) => { resolve = resolved; reject = rejected; });
    this.line = new Line(environment, {
      opened: () => { this.#hello(input).then(resolve, reject); },
      push: (frame) => { if (this.#events) this.#events.push(frame); else this.#early.push(frame); },
      closed: (code) => {
        if (this.#events) { this.#events.closed(code); return; }
        this.code = code;
        reject(ParlorError.local('unreachable'));
      },
    });
  }

  async #hello(input: () => unknown): Promise<HelloReply> {
    const reply = await this.line.command('hello', input(), HELLO_MS) as HelloReply;
    this.line.silenceMs = (reply.ping_s + 10) * 1000;
    this.line.frameBytes = reply.limits.frame_bytes;
    return reply;
  }

  /** Hands the line over: first what came early, then whatever comes. */
  attach(events: LineEvents): void {
    const early = this.#early;
    this.#early = [];
    this.#events = events;
    for (const frame of early) events.push(frame);
    if (this.code !== undefined) events.closed(this.code);
  }
}
