// The keys, and what the marks of a text become.

import { For, type JSX } from 'solid-js';
import { closeDialog } from '../state/dialogs.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { words } from '../words/index.ts';

export function Help(): JSX.Element {
  return (
    <Dialog title={words().help.title} onClose={closeDialog}>
      <div class="help">
        <section>
          <h3>{words().help.keys}</h3>
          <dl><For each={words().help.rows}>{([keys, what]) => <><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></>}</For></dl>
        </section>
        <section>
          <h3>{words().help.writing}</h3>
          <dl><For each={words().help.marks}>{([mark, what]) => <><dt><code>{mark}</code></dt><dd>{what}</dd></>}</For></dl>
        </section>
      </div>
    </Dialog>
  );
}
