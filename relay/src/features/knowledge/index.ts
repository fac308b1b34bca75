export { createKnowledge, type Knowledge, type Search } from './knowledge.ts';
export { knowledgeStore } from './store.ts';
export { knowledgeRoutes } from './routes.ts';
