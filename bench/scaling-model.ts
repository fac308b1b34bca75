import { seeded } from '../e2e/seeded.ts';

/** What one unit of work costs, as measured on one machine (`npm run bench:scaling -- --measure`). */
export type Costs = {
  /** Of a stored turn: CPU of the relay and of PostgreSQL, and transactions that it commits. */
  relayMsPerTurn: number;
  databaseMsPerTurn: number;
  commitsPerTurn: number;
  kbPerStream: number;
  /** What one conversation of ten messages, and one page of knowledge, take on disk with their indexes. */
  bytesPerConversation: number;
  bytesPerPage: number;
  /** A night's purge of a site where nothing has expired; deleted messages a second where something has. */
  purgeMsPerSite: number;
  purgedMessagesPerS: number;
  /** Of what looks at every site: looking for due purges, and one reading of /metrics, for a thousand sites. */
  sweepMsPer1000: number;
  scrapeMsPer1000: number;
  /** Transactions a second that one PostgreSQL commits if each of them tells by NOTIFY, which commits one after another. */
  notifyingCommitsPerS: number;
  /** Consents a second of one site, whose log is one chain. */
  consentsPerSPerSite: number;
};

/** What the shops of the simulation are like. */
export type World = {
  sites: number;
  /** On an ordinary day, on average; a few shops have thousands, most have none. */
  conversationsPerDay: number;
  turnsPerConversation: number;
  /** How much busier the busiest day is, as before Christmas. */
  rush: number;
  pagesPerSite: number;
  answerS: number;
  keptDays: number;
};

/** What there is: one primary, and relays of one core each, as many as are needed. */
export type Machines = {
  databaseCores: number;
  databaseTb: number;
  /** Read from a disk, or sent over the wire, for backups and restores. */
  mbPerS: number;
  connections: number;
  connectionsPerRelay: number;
  relayGb: number;
};

/** How much of something is needed at the worst moment of the busiest day, and how much there is. */
export type Need = { what: string; need: number; have: number; unit: string };

export const ordinary: Omit<World, 'sites'> = {
  conversationsPerDay: 3,
  turnsPerConversation: 4,
  rush: 4,
  pagesPerSite: 200,
  answerS: 6,
  keptDays: 365,
};

export const oneRegion: Machines = {
  databaseCores: 32,
  databaseTb: 8,
  mbPerS: 200,
  connections: 500,
  connectionsPerRelay: 10,
  relayGb: 2,
};

/** A core that is busier than this answers late. */
const BUSY = 0.7;
/** Of the traffic, by where its shops are, and when their day begins (hour of UTC). */
const REGIONS = [
  { share: 0.45, dawn: 6 },
  { share: 0.35, dawn: 13 },
  { share: 0.2, dawn: 23 },
];
const MINUTES = 24 * 60;

/**
 * One busiest day, minute by minute, with visitors who come at random: when most come at once, and what that asks of each
 * part. The same seed gives the same day.
 */
export function simulate(world: World, costs: Costs, machines: Machines, seed = 1): Need[] {
  const random = seeded(seed);
  const biggest = shareOfBiggest(world.sites, random);
  const perDay = world.sites * world.conversationsPerDay * world.rush;
  let peak = 0;
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const expected = perDay * REGIONS.reduce((sum, region) => sum + region.share * dayAt(minute, region.dawn), 0);
    peak = Math.max(peak, poisson(expected, random) / 60);
  }
  const turnsPerS = peak * world.turnsPerConversation;
  const streams = turnsPerS * world.answerS;
  const relays = Math.ceil((turnsPerS * costs.relayMsPerTurn) / (BUSY * 1_000));
  const ordinaryDay = world.sites * world.conversationsPerDay;
  const bytes =
    ordinaryDay * world.keptDays * costs.bytesPerConversation + world.sites * world.pagesPerSite * costs.bytesPerPage;
  const tb = bytes / 1e12;
  const purgeS = (world.sites * costs.purgeMsPerSite) / 1_000 + (ordinaryDay * 10) / costs.purgedMessagesPerS;
  // The zones of the shops spread the nights over the day; one worker in each of so many processes.
  const purgers = Math.max(1, Math.min(relays, 50));
  return [
    {
      what: 'relay cores',
      need: relays,
      have: Math.floor(machines.connections / machines.connectionsPerRelay),
      unit: '',
    },
    { what: 'open streams per relay', need: streams / Math.max(1, relays), have: streamsOf(costs, machines), unit: '' },
    {
      what: 'PostgreSQL cores',
      need: (turnsPerS * costs.databaseMsPerTurn) / 1_000,
      have: BUSY * machines.databaseCores,
      unit: '',
    },
    {
      what: 'commits that tell (NOTIFY)',
      need: turnsPerS * costs.commitsPerTurn,
      have: BUSY * costs.notifyingCommitsPerS,
      unit: '/s',
    },
    {
      what: 'consents of the biggest site',
      need: peak * biggest,
      have: BUSY * costs.consentsPerSPerSite,
      unit: '/s',
    },
    { what: 'disk', need: tb, have: BUSY * machines.databaseTb, unit: 'TB' },
    { what: 'a night’s purge', need: purgeS / purgers / 3_600, have: 20, unit: 'h' },
    { what: 'looking for due purges', need: (world.sites / 1_000) * costs.sweepMsPer1000, have: 60_000, unit: 'ms' },
    { what: 'reading /metrics', need: (world.sites / 1_000) * costs.scrapeMsPer1000, have: 5_000, unit: 'ms' },
    { what: 'a backup', need: (tb * 1e6) / machines.mbPerS / 3_600, have: 8, unit: 'h' },
    { what: 'a restore', need: (tb * 1e6) / (machines.mbPerS / 3) / 3_600, have: 8, unit: 'h' },
  ];
}

/** How many streams a relay's memory holds beside what it needs itself. */
const streamsOf = ({ kbPerStream }: Costs, { relayGb }: Machines): number => ((relayGb - 0.5) * 1e6) / kbPerStream;

/** How much of a day's traffic comes in this minute: a bow from dawn on, twice as high in the evening, little at night. */
function dayAt(minute: number, dawn: number): number {
  const hour = (minute / 60 - dawn + 24) % 24;
  const height = hour < 17 ? 0.1 + Math.sin((hour / 17) * Math.PI) + 0.8 * Math.exp(-((hour - 13) ** 2) / 4) : 0.1;
  return height / WHOLE_DAY;
}
const WHOLE_DAY = 60 * (17 * (0.1 + 2 / Math.PI) + 7 * 0.1 + 0.8 * Math.sqrt(4 * Math.PI));

/** The share of the biggest among so many shops of log-normal size: a few are very large. */
function shareOfBiggest(sites: number, random: () => number): number {
  let most = 0;
  let all = 0;
  for (let site = 0; site < sites; site += 1) {
    const size = Math.exp(2 * normal(random));
    most = Math.max(most, size);
    all += size;
  }
  return most / all;
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** How many come where so many are expected: each by themselves. */
function poisson(expected: number, random: () => number): number {
  if (expected > 50) return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal(random)));
  const limit = Math.exp(-expected);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** Numbers of sites, each 1.8 times the one before. */
const SIZES = Array.from({ length: 18 }, (_, step) => Math.round(100 * 10 ** (step / 4)));

/** At how many sites each part is used up, the first to break first; `Infinity` where that is beyond 1.8 million. */
export function limitsOf(
  world: Omit<World, 'sites'>,
  costs: Costs,
  machines: Machines,
): { what: string; sites: number }[] {
  const days = SIZES.map(sites => simulate({ ...world, sites }, costs, machines));
  const limits = (days[0] ?? []).map(({ what }, part) => {
    const loads = days.map(needs => (needs[part] ? needs[part].need / needs[part].have : 0));
    const broken = loads.findIndex(load => load > 1);
    return { what, sites: broken < 0 ? Infinity : Math.round((SIZES[broken] ?? 0) / (loads[broken] ?? 1)) };
  });
  return limits.sort((a, b) => a.sites - b.sites);
}
