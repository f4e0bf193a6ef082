// A message, or one on its way: avatar, name and time, text, reactions, and what can be done with it.

import { Match, Show, Switch, createMemo, createResource, createSignal, createUniqueId, type Accessor, type JSX } from 'solid-js';
import type { Message, User } from '@parlor/client';
import { CircleAlert, Clock, CornerUpLeft } from 'lucide';
import { full, time } from '../format.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Name } from '../ui/Name.tsx';
import { Body } from '../text/Body.tsx';
import { plain } from '../text/markdown.ts';
import { errorText, words } from '../words/index.ts';
import { useLog } from './context.ts';
import { isRemoving } from './removing.ts';
import { Reactions } from './Reactions.tsx';
import { Toolbar } from './Toolbar.tsx';
import type { SaidRow } from './rows.ts';

export function Said(props: { readonly row: Accessor<SaidRow>; readonly key: string }): JSX.Element {
  const log = useLog();
  const label = createUniqueId();
  // The tools are made with the first look at a message, since a log has many.
  const [near, setNear] = createSignal(false);
  const message = createMemo(() => props.row().message);
  const outgoing = createMemo(() => props.row().outgoing);
  const author = createMemo<User>(() => message()?.author ?? outgoing()!.author);
  const at = (): string | number => message()?.at ?? outgoing()!.typedAt;
  const body = createMemo(() => message()?.body ?? outgoing()?.body ?? '');
  const replyTo = createMemo(() => message()?.replyTo ?? outgoing()?.replyTo);
  const mentions = createMemo(() => message()?.mentions ?? []);
  const state = (): string => (message() ? 'stored' : outgoing()!.state);
  const tabIndex = (): number => (log.active() === props.key ? 0 : -1);
  const isGone = (): boolean => { const it = message(); return !!it && (it.deleted || isRemoving(log.room().key, it.seq)); };
  const keys = (event: KeyboardEvent): void => {
    const it = message();
    if (!it || isGone() || event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const action = { r: () => log.mayWrite() && log.reply(it), e: () => it.mine && log.edit(it), Delete: () => it.mine && log.remove(it) }[event.key];
    if (action) { event.preventDefault(); action(); }
  };
  return (
    <article class="said" classList={{ first: props.row().first, mine: author().id === message()?.author.id && !!message()?.mine, called: !!message()?.mentionsMe, flash: log.flashed() === props.key }}
      data-key={props.key} data-seq={message()?.seq} data-state={state()} aria-labelledby={label} tabIndex={tabIndex()} onKeyDown={keys}
      onPointerEnter={() => setNear(true)} onFocusIn={() => setNear(true)}>
      <Show when={props.row().first} fallback={<time class="gutter" datetime={new Date(at()).toISOString()} title={full(at())} aria-hidden="true">{time(at())}</time>}>
        <Avatar of={author()} />
      </Show>
      <div class="said-main">
        <header classList={{ unseen: !props.row().first }} id={label}>
          <Name of={author()} class="author" full /> <time datetime={new Date(at()).toISOString()} title={full(at())}>{time(at())}</time>
        </header>
        <Show when={replyTo()}>{(seq) => <Quote seq={seq()} tabIndex={tabIndex} />}</Show>
        <Show when={!isGone()} fallback={<p class="deleted">{words().log.deleted}</p>}>
          <Body text={body()} mentions={mentions()} tabIndex={tabIndex} />
          <Show when={message()?.editedAt}>{(when) => <span class="edited" title={words().log.edited_at(full(when()))}>({words().log.edited})</span>}</Show>
        </Show>
        <OnItsWay row={props.row} />
        <Show when={message()}>{(it) => <Show when={it().reactions.length > 0}><Reactions of={it} tabIndex={tabIndex} /></Show>}</Show>
      </div>
      <Show when={near() && message()}>{(it) => <Show when={!isGone()}><Toolbar of={it} tabIndex={tabIndex} /></Show>}</Show>
    </article>
  );
}

/** What became of a message that is not in the log yet. */
function OnItsWay(props: { readonly row: Accessor<SaidRow> }): JSX.Element {
  const log = useLog();
  const outgoing = (): NonNullable<SaidRow['outgoing']> | undefined => (props.row().message ? undefined : props.row().outgoing);
  return (
    <Show when={outgoing()}>
      {(it) => (
        <Switch>
          <Match when={it().state === 'refused'}>
            <div class="refused" role="alert">
              <Icon of={CircleAlert} /> <span>{words().log.not_sent}: {errorText(it().error)}</span>
              <button type="button" class="link" onClick={() => it().retry()}>{words().try_again}</button>
              <button type="button" class="link" onClick={() => { const { body } = it(); if (it().discard()) log.write(body); }}>{words().log.copy_back}</button>
              <button type="button" class="link" onClick={() => it().discard()}>{words().log.discard}</button>
            </div>
          </Match>
          <Match when={it().state === 'waiting' || it().state === 'sending'}>
            <span class="on-its-way"><Icon of={Clock} /><span class="unseen">{it().state === 'waiting' ? words().log.waiting : words().log.sending}</span></span>
            <Show when={!it().persisted}><span class="refused"><Icon of={CircleAlert} /> {words().log.not_kept}</span></Show>
          </Match>
        </Switch>
      )}
    </Show>
  );
}

/** The message that another one answers, in one line; a press goes there. */
function Quote(props: { readonly seq: number; readonly tabIndex: () => number }): JSX.Element {
  const log = useLog();
  const [found] = createResource(() => props.seq, async (seq): Promise<Message | null> => {
    try { return await log.room().find(seq); } catch { return null; }
  });
  return (
    <button type="button" class="quote" tabIndex={props.tabIndex()} onClick={() => log.jump(props.seq)}>
      <Icon of={CornerUpLeft} />
      <Show when={found.latest} fallback={<span>{found.loading ? '…' : words().log.reply_gone}</span>}>
        {(it) => (
          <>
            <span class="unseen">{words().log.reply_to('')}</span>
            <Name of={it().author} class="author" />
            <span class="quote-text" dir="auto">{it().deleted ? words().log.deleted : plain(it().body)}</span>
          </>
        )}
      </Show>
    </button>
  );
}

