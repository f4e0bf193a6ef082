// Which dialog is open: one at a time.

import { createSignal } from 'solid-js';
import type { User } from '@parlor/client';

export type OpenDialog =
  | { readonly name: 'find' | 'settings' | 'help' | 'direct' }
  | { readonly name: 'switcher'; readonly text?: string; readonly room?: string }
  | { readonly name: 'create'; readonly suggested?: string }
  | { readonly name: 'manage' | 'invite' | 'leave'; readonly room: string }
  | { readonly name: 'moderate'; readonly room: string; readonly user: User; readonly act: 'kick' | 'ban' | 'mute' | 'role' };

const [open, setOpen] = createSignal<OpenDialog>();

export const openedDialog = open;
export const openDialog = (dialog: OpenDialog): void => { setOpen(dialog); };
export const closeDialog = (): void => { setOpen(undefined); };
