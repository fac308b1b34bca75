export { CHANGED, EMBED, embedAtStart, handleKnowledgeJobs } from './jobs.ts';
export { createKnowledge, type Knowledge } from './knowledge.ts';
export { createMeaning, type Embedder } from './meaning.ts';
export type { Ranked } from './ranking.ts';
export { handleReindexing, reindexAtStart } from './reindex.ts';
export { knowledgeRoutes, syncRoutes } from './routes.ts';
export type { Meaning, Search, SearchOptions } from './search.ts';
export { type Found, INDEX_VERSION, knowledgeStore, type Origin } from './store.ts';
export { vectorStore } from './vectors.ts';
