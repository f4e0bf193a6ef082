// What a line of the log may do, without being told through each component.

import { createContext, useContext } from 'solid-js';
import type { Message, Room } from '@parlor/client';

export interface LogActions {
  readonly room: () => Room;
  /** Whether one may write here, and take away what others wrote. */
  readonly mayWrite: () => boolean;
  readonly reply: (message: Message) => void;
  readonly edit: (message: Message) => void;
  readonly remove: (message: Message) => void;
  /** Puts a text into the box. */
  readonly write: (text: string) => void;
  readonly jump: (seq: number) => void;
  /** The row that Tab reaches. */
  readonly active: () => string | undefined;
  readonly flashed: () => string | undefined;
}

export const LogContext = createContext<LogActions>();

export function useLog(): LogActions {
  const actions = useContext(LogContext);
  if (!actions) throw new Error('a row is part of a log');
  return actions;
}
