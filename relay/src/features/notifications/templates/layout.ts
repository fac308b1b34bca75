import { Container, Head, Heading, Hr, Html, Link, Preview, Text } from '@react-email/components';
import { Fragment, createElement as h, type ReactNode } from 'react';

/** A colour for light and one for dark: what a mail program without dark mode shows is the first. */
const COLOURS = {
  paper: ['#f4f3ef', '#151a18'],
  card: ['#ffffff', '#1e2522'],
  ink: ['#1d2523', '#e9ece9'],
  soft: ['#55605c', '#a9b4af'],
  line: ['#d5d8d2', '#38423d'],
  accent: ['#1f6f54', '#7fd0ae'],
  onAccent: ['#ffffff', '#0d1f18'],
  tint: ['#eef5f1', '#24322c'],
} as const;

const light = (name: keyof typeof COLOURS) => COLOURS[name][0];
const dark = (name: keyof typeof COLOURS) => `${COLOURS[name][1]} !important`;

/** Mail programs take styles from the elements; dark mode needs a sheet, which has to win over those. */
const SHEET = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .paper { background-color: ${dark('paper')}; }
  .card { background-color: ${dark('card')}; border-color: ${dark('line')}; }
  .ink { color: ${dark('ink')}; }
  .soft { color: ${dark('soft')}; }
  .line { border-color: ${dark('line')}; }
  .link { color: ${dark('accent')}; }
  .button { background-color: ${dark('accent')}; color: ${dark('onAccent')}; }
  .tint { background-color: ${dark('tint')}; }
}
@media (max-width: 480px) {
  .card { padding: 20px 16px !important; border-radius: 0 !important; border-left: 0 !important; border-right: 0 !important; }
  .paper { padding: 0 !important; }
}`;

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif';
const TEXT = {
  fontFamily: FONT,
  fontSize: '16px',
  lineHeight: '24px',
  margin: '0 0 12px',
  wordBreak: 'break-word',
} as const;

type Page = {
  lang: string;
  title: string;
  /** What a mailbox shows beside the subject. */
  preview: string;
  site: string;
  footer: string[];
  /** Where the reader ends such mails. */
  unsubscribe?: { label: string; url: string } | undefined;
};

/** One e-mail: a card of one column, without pictures and without anything that tells that it was opened. */
export const page = ({ lang, title, preview, site, footer, unsubscribe }: Page, ...content: ReactNode[]) =>
  h(
    Html,
    { lang, dir: 'ltr' },
    h(
      Head,
      null,
      h('title', null, title),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('meta', { name: 'supported-color-schemes', content: 'light dark' }),
      h('style', null, SHEET),
    ),
    // Not that of React Email, which paints a second ground over it that dark mode does not reach.
    h(
      'body',
      { className: 'paper', style: { margin: 0, padding: '24px 0', backgroundColor: light('paper') } },
      h(Preview, null, preview),
      h(
        Container,
        {
          className: 'card',
          style: {
            maxWidth: '600px',
            backgroundColor: light('card'),
            border: `1px solid ${light('line')}`,
            borderRadius: '12px',
            padding: '32px',
          },
        },
        h(
          'main',
          null,
          h(
            Text,
            {
              className: 'soft',
              style: { ...TEXT, color: light('soft'), fontSize: '14px', lineHeight: '20px' },
              dir: 'auto',
            },
            site,
          ),
          h(
            Heading,
            {
              as: 'h1',
              className: 'ink',
              style: {
                ...TEXT,
                color: light('ink'),
                fontSize: '24px',
                lineHeight: '30px',
                fontWeight: 700,
                margin: '0 0 16px',
              },
            },
            title,
          ),
          ...content.map((each, at) => h(Fragment, { key: at }, each)),
          h(Hr, {
            className: 'line',
            style: { border: 0, borderTop: `1px solid ${light('line')}`, margin: '24px 0 16px' },
          }),
          ...footer.map((line, at) => small(line, at)),
          unsubscribe && small(link(unsubscribe.url, unsubscribe.label), 'unsubscribe'),
        ),
      ),
    ),
  );

/** A paragraph in our words. */
export const paragraph = (content: ReactNode, key?: string | number) =>
  h(Text, { key, className: 'ink', style: { ...TEXT, color: light('ink') } }, content);

/** A paragraph that is not the matter. */
export const small = (content: ReactNode, key?: string | number) =>
  h(
    Text,
    {
      key,
      className: 'soft',
      style: { ...TEXT, color: light('soft'), fontSize: '14px', lineHeight: '20px', margin: '0 0 8px' },
    },
    content,
  );

export const heading = (text: string) =>
  h(
    Heading,
    {
      as: 'h2',
      className: 'ink',
      style: {
        ...TEXT,
        color: light('ink'),
        fontSize: '18px',
        lineHeight: '24px',
        fontWeight: 700,
        margin: '24px 0 8px',
      },
    },
    text,
  );

export const link = (url: string, label: string) =>
  h(Link, { href: url, className: 'link', style: { color: light('accent'), textDecoration: 'underline' } }, label);

/** The one thing to do, and below it its address, for whom the button does not work. */
export const button = ({ url, label }: { url: string; label: string }) =>
  h(
    Fragment,
    null,
    h(
      'p',
      { style: { margin: '20px 0' } },
      h(
        Link,
        {
          href: url,
          className: 'button',
          style: {
            display: 'inline-block',
            fontFamily: FONT,
            fontSize: '16px',
            lineHeight: '24px',
            fontWeight: 600,
            padding: '12px 24px',
            borderRadius: '8px',
            backgroundColor: light('accent'),
            color: light('onAccent'),
            textDecoration: 'none',
          },
        },
        label,
      ),
    ),
    // The text has it behind the label already.
    h('div', { 'data-skip-in-text': true }, small(url)),
  );

/** A list of an answer. */
export const list = (
  { isOrdered, start, key }: { isOrdered: boolean; start: number; key: number },
  items: ReactNode[],
) => {
  const style = { ...TEXT, color: light('ink'), paddingLeft: '24px' };
  const children = items.map((item, at) => h('li', { key: at }, item));
  return h(isOrdered ? 'ol' : 'ul', { key, className: 'ink', style, ...(isOrdered && { start }) }, children);
};

/** A box in which somebody else speaks; `by` says who. */
export const said = ({ by, tinted, key }: { by: string; tinted: boolean; key: string }, ...content: ReactNode[]) =>
  h(
    'div',
    {
      key,
      className: tinted ? 'tint' : undefined,
      style: {
        margin: '0 0 12px',
        padding: tinted ? '12px 16px 4px' : '0 16px',
        borderRadius: '8px',
        ...(tinted && { backgroundColor: light('tint') }),
      },
    },
    small(h('strong', null, by), 'by'),
    ...content,
  );

/** Words of somebody else, with their line breaks, in the direction of their script. */
export const words = (text: string, key?: string | number) =>
  h(
    Text,
    { key, dir: 'auto', className: 'ink', style: { ...TEXT, color: light('ink'), unicodeBidi: 'plaintext' } },
    lines(text),
  );

export const lines = (text: string): ReactNode[] =>
  text.split('\n').flatMap((line, at) => (at === 0 ? [line] : [h('br', { key: at }), line]));

/** A name and what was given for it. */
export const field = (name: string, value: string, key?: string | number) =>
  h(
    'div',
    { key, className: 'line', style: { borderTop: `1px solid ${light('line')}`, padding: '8px 0' } },
    h(
      Text,
      {
        className: 'soft',
        style: { ...TEXT, color: light('soft'), fontSize: '14px', lineHeight: '20px', margin: 0 },
        dir: 'auto',
      },
      `${name}:`,
    ),
    h(
      Text,
      { dir: 'auto', className: 'ink', style: { ...TEXT, color: light('ink'), margin: 0, unicodeBidi: 'plaintext' } },
      lines(value),
    ),
  );
