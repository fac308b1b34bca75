import { z } from 'zod';
import { timestamp, uuid } from './primitives.ts';

export const siteResponse = z.object({
  siteId: uuid,
  siteKey: z.string(),
  name: z.string(),
  createdAt: timestamp,
  plan: z.string().describe('`self_hosted`: no limits but the owner’s own'),
  usage: z.object({ periodStart: timestamp, conversations: z.int(), answers: z.int() }),
  integrations: z.array(z.object({ name: z.string(), state: z.enum(['ready', 'not_configured', 'failing']) })),
});
export type SiteResponse = z.infer<typeof siteResponse>;
