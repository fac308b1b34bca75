import { __ } from '@wordpress/i18n';

const BYTES_MAX = 20 * 1024 * 1024;

const types: Record<string, string> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  text: 'text/plain',
  md: 'text/markdown',
  markdown: 'text/markdown',
};

/** What the relay is told that a file is: by its name, since browsers know nothing of Markdown. */
export function typeOf(name: string): string | undefined {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(types, ending) ? types[ending] : undefined;
}

/** Why a file need not be sent at all. */
export function whyNot({ name, size }: { name: string; size: number }): string | undefined {
  if (!typeOf(name)) return __('Files of this kind are not read. Choose a PDF, plain text or Markdown.', 'confab');
  if (size > BYTES_MAX) return __('This file is larger than 20 MB. Send it in smaller parts.', 'confab');
  if (size === 0) return __('This file is empty.', 'confab');
  return undefined;
}
