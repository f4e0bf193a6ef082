// One row of the log, of whichever kind.

import { Match, Show, Switch, type JSX } from 'solid-js';
import type { Keyed } from '../state/keyed.ts';
import { day as dayText } from '../format.ts';
import { words } from '../words/index.ts';
import { EventLine } from './EventLine.tsx';
import { Said } from './Said.tsx';
import type { EventRow, Row, SaidRow } from './rows.ts';

export function RowView(props: { readonly row: Keyed<Row> }): JSX.Element {
  const row = (): Row => props.row.value();
  const said = (): SaidRow | undefined => { const it = row(); return it.kind === 'said' ? it : undefined; };
  const event = (): EventRow | undefined => { const it = row(); return it.kind === 'event' ? it : undefined; };
  const day = (): number | undefined => { const it = row(); return it.kind === 'start' ? undefined : it.day; };
  const fresh = (): boolean => { const it = row(); return it.kind !== 'start' && it.fresh; };
  return (
    <>
      <Show when={day()}>{(at) => <div class="day" role="separator" aria-label={dayText(at())}><span aria-hidden="true">{dayText(at())}</span></div>}</Show>
      <Show when={fresh()}><div class="new-line" role="separator" aria-label={words().log.new_line}><span aria-hidden="true">{words().log.new_line}</span></div></Show>
      <Switch>
        <Match when={said()}>{(it) => <Said row={it} key={props.row.key} />}</Match>
        <Match when={event()}>{(it) => <EventLine of={it().event} key={props.row.key} />}</Match>
        <Match when={row().kind === 'start'}><p class="start">{words().room.start}</p></Match>
      </Switch>
    </>
  );
}
