export { type Conversations, createConversations } from './conversations.ts';
export { conversationRoutes } from './routes.ts';
export { conversationStore } from './store.ts';
