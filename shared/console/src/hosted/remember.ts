const KEY = { site: 'confab.site', account: 'confab.account' };

/** The site and the account that somebody looked at last in this browser; it may keep nothing, and then there is none. */
export function remembered(what: keyof typeof KEY): string | null {
  try {
    return localStorage.getItem(KEY[what]);
  } catch {
    return null;
  }
}

export function remember(what: keyof typeof KEY, id: string): void {
  try {
    localStorage.setItem(KEY[what], id);
  } catch {
    // It is only a convenience.
  }
}
