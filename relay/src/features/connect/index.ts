export { type Connect, createConnect } from './connect.ts';
export { CONNECTION_CHECK } from './jobs.ts';
export { connectPageRoutes, connectRoutes } from './routes.ts';
export { connectStore } from './store.ts';
