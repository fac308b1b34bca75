export { createKnowledge, type Knowledge, type Search } from './knowledge.ts';
export { knowledgeRoutes } from './routes.ts';
export { knowledgeStore } from './store.ts';
