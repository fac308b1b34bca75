export { type CaseResult, createEvaluation, type Evaluation, type Trial } from './evaluation.ts';
export { evaluationRoutes } from './routes.ts';
export { evalCaseStore } from './store.ts';
