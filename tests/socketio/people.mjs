// Stock clients, and what tests wait for.

import { once } from 'node:events';
import { io } from 'socket.io-client';

/** How a client carries its packets: the library's default first. */
export const MODES = {
  'polling first': ['polling', 'websocket'],
  'WebSocket only': ['websocket'],
  'polling only': ['polling'],
};

const open = [];

/** Returns a client, which notes all events that it hears. */
export function person(url, transports, options = {}) {
  const socket = io(url, { transports, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 300, ...options });
  socket.heard = [];
  socket.onAny((name, argument) => socket.heard.push([name, argument]));
  open.push(socket);
  return socket;
}

/** Disconnects all clients. */
export function leave() {
  for (const socket of open.splice(0)) socket.disconnect();
}

/** Resolves with the argument of an event that has come, or comes. */
export async function heard(socket, name, fits = () => true) {
  for (;;) {
    const found = socket.heard.find(([event, argument]) => event === name && fits(argument));
    if (found) return found[1];
    await new Promise((resolve) => socket.onAny(function listener() { socket.offAny(listener); resolve(); }));
  }
}

/** Resolves when the socket is connected. */
export async function connected(socket) {
  if (!socket.connected) await once(socket, 'connect');
  return socket;
}

/** Returns the seqs of what a person heard under this name in a room. */
export function seqs(socket, name, room) {
  return socket.heard.filter(([event, argument]) => event === name && argument.room === room).map(([, argument]) => argument.seq);
}

/** Returns the text of each message of a room, in the order heard. */
export function texts(socket, room) {
  return socket.heard.filter(([event, argument]) => event === 'new_message' && argument.room === room).map(([, argument]) => argument.content);
}
