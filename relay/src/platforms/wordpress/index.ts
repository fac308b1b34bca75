export { handleWordpressJobs } from './jobs.ts';
