/** The screens, in the order of their tabs. */
export const tabs = ['home', 'settings', 'knowledge', 'conversations', 'leads', 'integrations', 'privacy'] as const;
export type Tab = (typeof tabs)[number];

/** What an address says of the list on a tab. */
const OF_LISTS = ['conversation', 'q', 'from', 'to', 'locale', 'outcome', 'state', 'lead', 'kind', 'delivery'];

/** The tab that an address asks for; home where it asks for none that there is. */
export function tabOf(search: string): Tab {
  const asked = new URLSearchParams(search).get('tab');
  return tabs.find(tab => tab === asked) ?? 'home';
}

/** The address of a tab, with all else of the address as it is, but nothing of the tab before. */
export function addressOf(tab: Tab, search: string): string {
  const query = new URLSearchParams(search);
  for (const name of OF_LISTS) query.delete(name);
  if (tab === 'home') query.delete('tab');
  else query.set('tab', tab);
  return `?${query}`;
}
