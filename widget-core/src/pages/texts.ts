import { pageTexts, type TextName } from '@confab/contract/texts';
import type { SessionState } from '../session.ts';

export type Texts = Record<TextName, string>;

/** Every text, as the relay says it; those of the pages are in the pages' own file for a relay that does not know them. */
export const textsOf = ({ texts }: SessionState): Texts => ({ ...pageTexts, ...texts });
