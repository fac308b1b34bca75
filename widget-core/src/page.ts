import type { TurnRequest } from '@confab/contract';

/**
 * Where the visitor asks from. Without query and fragment: these can hold an order number, an e-mail address or a
 * campaign's id, and no answer needs them.
 */
export function currentPage(): TurnRequest['page'] {
  const referrer = document.referrer && withoutQuery(document.referrer);
  return {
    url: withoutQuery(location.href),
    title: [...document.title].slice(0, 250).join(''), // by whole characters: half of one would be refused
    ...(referrer && { referrer }),
  };
}

function withoutQuery(address: string): string {
  const { origin, pathname } = new URL(address);
  return (origin + pathname).slice(0, 2_048);
}
