export { createHappenings } from './happenings.ts';
export { createPlaces } from './places.ts';
export { createPresence } from './presence.ts';
export { liveRoutes, visitorLiveRoutes } from './routes.ts';
export { liveStore } from './store.ts';
