export { handleEmailJobs } from './jobs.ts';
export { createNoticeSender } from './notices.ts';
export { createNotifications, type Notifications } from './notifications.ts';
export { emailsPersonalData } from './personal-data.ts';
export { devMailRoutes, emailRoutes, transcriptRoutes } from './routes.ts';
export { emailStore } from './store.ts';
