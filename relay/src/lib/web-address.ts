import { isStorable } from '@confab/contract';

/** Whether a page can link to it: `http:` or `https:`, and nothing in it that the database does not take. */
export const isWebAddress = (url: string): boolean => /^https?:\/\//i.test(url) && isStorable(url) && URL.canParse(url);
