export { createPageViews, type PageViews } from './page-views.ts';
export { pageViewsPersonalData } from './personal-data.ts';
export { visitorRoutes } from './routes.ts';
export { pageViewStore } from './store.ts';
