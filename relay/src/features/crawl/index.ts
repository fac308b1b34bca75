export { createAsk } from './ask.ts';
export { type Crawl, createCrawl } from './crawl.ts';
export { handleCrawlJobs } from './jobs.ts';
export { sourceRoutes } from './routes.ts';
export { createSources, type Sources } from './sources.ts';
export { crawlStore } from './store.ts';
