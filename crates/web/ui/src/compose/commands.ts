// Commands that are typed: `/topic new topic`. What begins with a space is a message in any case.

import { client } from '../state/client.ts';
import { closeRoom, openRoom } from '../state/route.ts';
import { openDialog } from '../state/dialogs.ts';
import { words } from '../words/index.ts';
import { toast } from '../state/toasts.ts';
import type { Room } from '@parlor/client';

const bare = (name: string): string => name.replace(/^[@#]/u, '');

/** Returns the message to send instead, null if the command is done, or undefined if the text is no command. */
export async function runCommand(text: string, room: Room): Promise<string | null | undefined> {
  const found = /^\/([a-z]+)(?:\s+([\s\S]*))?$/u.exec(text);
  if (!found) return undefined;
  const [, name = '', rest = ''] = found;
  const argument = rest.trim();
  switch (name) {
    case 'me': return argument ? `*${argument}*` : null;
    case 'shrug': return `${argument} ¯\\\\\\_(ツ)\\_/¯`.trim();
    case 'topic': await room.update({ topic: argument }); return null;
    case 'invite': await room.invite(`@${bare(argument)}`); toast(words().manage.invited(bare(argument))); return null;
    case 'join': openRoom((await client.join(bare(argument))).key); return null;
    case 'msg': {
      const [, who = '', said = ''] = /^(\S+)\s*([\s\S]*)$/u.exec(argument) ?? [];
      const direct = await client.openDirect(`@${bare(who)}`);
      if (said) direct.send(said);
      openRoom(direct.key);
      return null;
    }
    case 'leave': await client.leave(room.key); closeRoom(); return null;
    case 'help': openDialog({ name: 'help' }); return null;
    default: throw new UnknownCommand(name);
  }
}

export class UnknownCommand extends Error {
  constructor(command: string) { super(words().box.unknown_command(command)); }
}
