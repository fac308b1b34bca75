export { DEMO_KEY, DEMO_NAME, installDemo } from './install-demo.ts';
export { type Demo, demoRoutes, readDemo } from './routes.ts';
