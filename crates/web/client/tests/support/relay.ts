// A proxy between a client and the server that does what networks do: it cuts, goes silent, delays, turns
// connections away, loses replies, or answers a command in the server's place.

import { createServer, request, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

export interface Command { readonly id: number; readonly op: string; readonly d: Record<string, unknown> }

const OVERLOADED = { code: 503, name: 'overloaded', message: 'Please try again.', retryable: true, retry_after_ms: 50 };

export class Relay {
  /** Nothing passes, and nothing says so. */
  silent = false;
  /** New connections are turned away with HTTP 503. */
  refusing = false;
  /** Returns by how many ms a frame of the server comes later. */
  late: (frame: Record<string, unknown>) => number = () => 0;
  /** Returns the `err` that a command gets in the server's place; undefined lets it pass. */
  answer: (command: Command) => object | undefined = () => undefined;
  /** Whether a frame of the server passes. */
  passes: (frame: Record<string, unknown>) => boolean = () => true;
  /** All commands that clients sent, as they came. */
  readonly commands: Command[] = [];
  connections = 0;
  readonly #target: () => string;
  readonly #http: HttpServer;
  readonly #pairs = new Set<WebSocket>();

  constructor(target: () => string) {
    this.#target = target;
    const sockets = new WebSocketServer({ noServer: true });
    this.#http = createServer((incoming, response) => {
      const outgoing = request(target() + (incoming.url ?? ''), { method: incoming.method, headers: { ...incoming.headers, host: new URL(target()).host } }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      outgoing.on('error', () => response.writeHead(502).end('bad gateway'));
      incoming.pipe(outgoing);
    });
    this.#http.on('upgrade', (incoming, socket, head) => {
      this.connections += 1;
      if (this.silent) return;
      if (this.refusing) { socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'); return; }
      sockets.handleUpgrade(incoming, socket, head, (client) => this.#pair(client));
    });
  }

  async start(): Promise<void> { await new Promise<void>((resolve) => { this.#http.listen(0, '127.0.0.1', resolve); }); }
  get url(): string { return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`; }

  /** Behaves well again. */
  reset(): void {
    this.silent = this.refusing = false;
    this.late = () => 0;
    this.answer = () => undefined;
    this.passes = () => true;
    this.commands.length = 0;
  }

  /** The commands of one op that clients sent. */
  sent(op: string): readonly Record<string, unknown>[] { return this.commands.filter((command) => command.op === op).map(({ d }) => d); }

  /** Ends all connections without a close frame. */
  cut(): void { for (const socket of this.#pairs) socket.terminate(); }

  /** Answers the next `times` commands of this op as an overloaded server does. */
  overload(op: string, times: number): void {
    let left = times;
    this.answer = (command) => (command.op === op && left-- > 0 ? OVERLOADED : undefined);
  }

  close(): void {
    this.cut();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  #pair(client: WebSocket): void {
    const server = new WebSocket(`${this.#target().replace('http', 'ws')}/ws`, 'parlor.v1');
    const waiting: string[] = [];
    this.#pairs.add(client);
    client.on('message', (data) => {
      if (this.silent) return;
      const text = String(data);
      const command = JSON.parse(text) as Command;
      this.commands.push(command);
      const err = this.answer(command);
      if (err) client.send(JSON.stringify({ id: command.id, err }));
      else if (server.readyState === WebSocket.OPEN) server.send(text);
      else waiting.push(text);
    });
    server.on('open', () => { for (const text of waiting) server.send(text); });
    server.on('message', (data) => {
      const text = String(data);
      const frame = JSON.parse(text) as Record<string, unknown>;
      const pass = (): void => { if (!this.silent && this.passes(frame)) client.send(text); };
      const late = this.late(frame);
      if (late > 0) setTimeout(pass, late); else pass();
    });
    server.on('error', () => client.terminate());
    server.on('close', (code) => {
      if (this.silent) return;
      if (code === 1005 || code === 1006) client.terminate(); else client.close(code);
    });
    client.on('error', () => {});
    client.on('close', (code) => {
      this.#pairs.delete(client);
      if (server.readyState === WebSocket.OPEN && code >= 1000 && code !== 1005 && code !== 1006) server.close(code); else server.terminate();
    });
  }
}
