export { type Conversations, createConversations } from './conversations.ts';
export { conversationPersonalData } from './personal-data.ts';
export { conversationListRoutes, conversationRoutes, handleOf } from './routes.ts';
export { conversationStore, keepsConversation } from './store.ts';
