// The text of a message as elements, made from the lexer's tokens.

import { For, Match, Show, Switch, createContext, createMemo, useContext, type JSX } from 'solid-js';
import type { User } from '@parlor/client';
import { me, state } from '../state/client.ts';
import { roomAddress } from '../state/route.ts';
import { Code } from './Code.tsx';
import { DEPTH_MAX, isJumbo, lex, safeUrl, type Token, type Tokens } from './markdown.ts';
import { pieces, type Names } from './pieces.ts';

interface Surroundings extends Names {
  /** -1 while the message does not have the focus, so that Tab does not stop at each link of a log. */
  readonly tabIndex: () => number;
}

const Around = createContext<Surroundings>({ people: [], room: () => undefined, tabIndex: () => 0 });

export interface BodyProps {
  readonly text: string;
  readonly mentions?: readonly User[];
  readonly tabIndex?: () => number;
}

export function Body(props: BodyProps): JSX.Element {
  const tokens = createMemo(() => lex(props.text));
  const around: Surroundings = {
    get people() { return props.mentions ?? []; },
    room: (name) => state().rooms.find(({ card }) => card.kind === 'public' && card.room === name)?.key,
    tabIndex: () => props.tabIndex?.() ?? 0,
  };
  return (
    <Around.Provider value={around}>
      <div class="body" classList={{ jumbo: isJumbo(props.text) }} dir="auto"><Blocks of={tokens()} depth={0} /></div>
    </Around.Provider>
  );
}

function Blocks(props: { readonly of: readonly Token[]; readonly depth: number }): JSX.Element {
  return <For each={props.of}>{(token) => block(token, props.depth + 1)}</For>;
}

function block(token: Token, depth: number): JSX.Element {
  if (depth > DEPTH_MAX) return <p dir="auto">{token.raw}</p>;
  switch (token.type) {
    case 'space': return null;
    case 'paragraph': return <p dir="auto"><Inline of={token.tokens} /></p>;
    case 'heading': return <p class="heading" dir="auto"><Inline of={token.tokens} /></p>;
    case 'text': return <Inline of={token.tokens ?? [token]} />;
    case 'code': return <Code text={(token as Tokens.Code).text} language={(token as Tokens.Code).lang ?? ''} />;
    case 'blockquote': return <blockquote><Blocks of={token.tokens ?? []} depth={depth} /></blockquote>;
    case 'hr': return <hr />;
    case 'list': return list(token as Tokens.List, depth);
    case 'table': return table(token as Tokens.Table);
    default: return <p dir="auto">{token.raw}</p>;
  }
}

function list(token: Tokens.List, depth: number): JSX.Element {
  const items = (
    <For each={token.items}>
      {(item) => (
        <li dir="auto">
          <Show when={item.task}><input type="checkbox" disabled checked={!!item.checked} aria-label={item.checked ? '✓' : '–'} /> </Show>
          <Blocks of={item.tokens} depth={depth} />
        </li>
      )}
    </For>
  );
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function table(token: Tokens.Table): JSX.Element {
  return (
    <div class="table">
      <table>
        <thead><tr><For each={token.header}>{(cell) => <th dir="auto" data-align={cell.align ?? undefined}><Inline of={cell.tokens} /></th>}</For></tr></thead>
        <tbody>
          <For each={token.rows}>
            {(row) => <tr><For each={row}>{(cell) => <td dir="auto" data-align={cell.align ?? undefined}><Inline of={cell.tokens} /></td>}</For></tr>}
          </For>
        </tbody>
      </table>
    </div>
  );
}

function Inline(props: { readonly of: readonly Token[] | undefined }): JSX.Element {
  return <For each={props.of ?? []}>{inline}</For>;
}

function inline(token: Token): JSX.Element {
  switch (token.type) {
    case 'strong': return <strong><Inline of={token.tokens} /></strong>;
    case 'em': return <em><Inline of={token.tokens} /></em>;
    case 'del': return <del><Inline of={token.tokens} /></del>;
    case 'codespan': return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br': return <br />;
    case 'link': return <Link href={(token as Tokens.Link).href} raw={token.raw}><Inline of={token.tokens} /></Link>;
    case 'image': return <Link href={(token as Tokens.Image).href} raw={token.raw}>{(token as Tokens.Image).text || (token as Tokens.Image).href}</Link>;
    case 'escape': return <>{(token as Tokens.Escape).text}</>;
    case 'text': return token.tokens ? <Inline of={token.tokens} /> : <Text text={(token as Tokens.Text).text} />;
    default: return <>{token.raw}</>;
  }
}

function Link(props: { readonly href: string; readonly raw: string; readonly children: JSX.Element }): JSX.Element {
  const around = useContext(Around);
  const url = safeUrl(props.href);
  if (!url) return <>{props.raw}</>;
  // A link back into this chat stays in this tab.
  const own = url.startsWith(`${location.origin}/#/`);
  return (
    <a href={own ? url.slice(location.origin.length) : url} title={url} tabIndex={around.tabIndex()}
      target={own ? undefined : '_blank'} rel={own ? undefined : 'noopener noreferrer nofollow'}><bdi>{props.children}</bdi></a>
  );
}

function Text(props: { readonly text: string }): JSX.Element {
  const around = useContext(Around);
  return (
    <For each={pieces(props.text, around)}>
      {(piece) => (
        <Switch fallback={piece.text}>
          <Match when={piece.kind === 'person' && piece}>{(it) => <span class="mention" classList={{ me: it().id === me()?.id }}><bdi>{it().text}</bdi></span>}</Match>
          <Match when={piece.kind === 'room' && piece}>{(it) => <a href={roomAddress(it().key)} tabIndex={around.tabIndex()}>{it().text}</a>}</Match>
        </Switch>
      )}
    </For>
  );
}
