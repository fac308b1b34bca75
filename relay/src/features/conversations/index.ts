export { type Conversations, createConversations } from './conversations.ts';
export { conversationPersonalData } from './personal-data.ts';
export { conversationIdOf, conversationListRoutes, conversationRoutes, handleOf } from './routes.ts';
export { conversationStore, keepsConversation } from './store.ts';
