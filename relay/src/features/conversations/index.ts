export { type Conversations, createConversations } from './conversations.ts';
export { conversationStore } from './store.ts';
export { conversationRoutes } from './routes.ts';
