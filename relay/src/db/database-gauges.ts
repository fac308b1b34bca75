import type { Gauges } from '../lib/metrics.ts';
import type { Database } from './database.ts';

const STATES = ['in_use', 'idle', 'waiting'] as const;

/** Whether the relay's own connections to the database suffice. */
export function databaseGauges({ connections }: Pick<Database, 'connections'>): Gauges {
  return {
    confab_database_connections: {
      help: 'Connections to PostgreSQL, in use and idle, and how many statements wait for one.',
      labels: { state: STATES },
      together: 'sum',
      read() {
        const counts = connections();
        return STATES.map(state => ({ labels: { state }, value: counts[state] }));
      },
    },
    confab_database_connections_most: {
      help: 'How many connections there may be at most; further statements wait.',
      together: 'sum',
      read: () => connections().most,
    },
  };
}
