import { z } from 'zod';
import { text, uuid, webUrl } from './primitives.ts';

/** A page that the visitor of a conversation sees, while analytics is granted. */
export const pageviewRequest = z.strictObject({
  conversationId: uuid.describe('the conversation handle'),
  url: webUrl.describe('kept without its query and fragment, as is the referrer'),
  referrer: text(2_048).optional(),
});
export type PageviewRequest = z.infer<typeof pageviewRequest>;
