/** What the outbox calls the receivers of all endpoints by. */
export const WEBHOOK = 'webhook:';

/** What the outbox calls an endpoint, and back. */
export const targetOf = (endpointId: string): string => WEBHOOK + endpointId;
export const endpointOf = (target: string): string => target.slice(WEBHOOK.length);
