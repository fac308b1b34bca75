import { lexer, type Token, type Tokens } from 'marked';
import { Fragment, createElement as h, type ReactNode } from 'react';
import { link, list, paragraph } from './layout.ts';

/** An answer of the assistant: the small part of Markdown that it writes, and everything else as the text that it is. */
export const answer = (markdown: string): ReactNode[] => lexer(markdown).map((token, at) => block(token, at));

function block(token: Token, key: number): ReactNode {
  if (token.type === 'space') return null;
  if (token.type === 'list') {
    const { ordered, start, items } = token as Tokens.List;
    return list(
      { isOrdered: ordered, start: start || 1, key },
      items.map(item => inside(item.tokens)),
    );
  }
  return paragraph('tokens' in token && token.tokens ? inside(token.tokens) : token.raw, key);
}

const inside = (tokens: Token[] = []): ReactNode[] =>
  tokens.map((token, at) => h(Fragment, { key: at }, inline(token)));

function inline(token: Token): ReactNode {
  const within = () => ('tokens' in token && token.tokens ? inside(token.tokens) : text(token));
  if (token.type === 'strong') return h('strong', null, within());
  if (token.type === 'em') return h('em', null, within());
  if (token.type === 'br') return h('br');
  if (token.type === 'link' && /^https?:\/\//.test((token as Tokens.Link).href)) {
    const { href, text: label } = token as Tokens.Link;
    return link(href, label);
  }
  return within();
}

const text = (token: Token): string => ('text' in token && typeof token.text === 'string' ? token.text : token.raw);
