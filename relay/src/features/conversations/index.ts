export { type Conversations, createConversations } from './conversations.ts';
export { conversationPersonalData } from './personal-data.ts';
export type { PrechatContent } from './prechat.ts';
export { conversationIdOf, conversationListRoutes, conversationRoutes, handleOf } from './routes.ts';
export { conversationStore, keepsConversation, prechatOf } from './store.ts';
export { createTakeover, type Takeover } from './takeover.ts';
export { type Holder, takeoverStore } from './takeover-store.ts';
export { turnMetrics } from './turn-metrics.ts';
