export { handleUploadJobs } from './jobs.ts';
export { uploadRoutes } from './routes.ts';
export { uploadStore } from './store.ts';
export { createUploads, type Uploads } from './uploads.ts';
