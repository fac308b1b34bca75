import type { Settings, SettingsUpdate } from '@confab/contract';

/** Where the settings hold secrets, by the name of the row that keeps one. */
const places = {
  openai: ['answers', 'openai', 'apiKey'],
  anthropic: ['answers', 'anthropic', 'apiKey'],
  bedrock: ['answers', 'bedrock', 'apiKey'],
  'hubspot.accessToken': ['crm', 'hubspot', 'accessToken'],
  'salesforce.clientSecret': ['crm', 'salesforce', 'clientSecret'],
  'salesforce.refreshToken': ['crm', 'salesforce', 'refreshToken'],
  'pipedrive.apiToken': ['crm', 'pipedrive', 'apiToken'],
  'klaviyo.apiKey': ['crm', 'klaviyo', 'apiKey'],
  'zoho.clientSecret': ['crm', 'zoho', 'clientSecret'],
  'zoho.refreshToken': ['crm', 'zoho', 'refreshToken'],
} as const;

export type SecretName = keyof typeof places;

type SecretField = (typeof places)[SecretName][2];

type WithoutSecrets<Part> = {
  [Name in keyof Part]: Part[Name] extends Record<string, unknown> ? Omit<Part[Name], SecretField> : Part[Name];
};

/** The settings as they are kept: their secrets live encrypted in rows of their own. */
export type StoredSettings = Omit<Settings, 'answers' | 'crm'> & {
  answers: WithoutSecrets<Settings['answers']>;
  crm: WithoutSecrets<Settings['crm']>;
};

type KeyStatus = Settings['answers']['openai']['apiKey'];
/** The parts of settings, as far as a place leads. */
type Parts = Record<string, Record<string, Record<string, unknown>>>;

const all = Object.entries(places) as [SecretName, (typeof places)[SecretName]][];

/** Settings in two: what is stored as it is, and the secrets that are new; `null` for one that is to be removed. */
export function splitSecrets(update: SettingsUpdate): {
  settings: StoredSettings;
  changes: { name: SecretName; secret: string | null }[];
} {
  const parts = structuredClone(update) as unknown as Parts;
  const changes = all.flatMap(([name, [part, group, field]]) => {
    const holder = holderIn(parts, part, group);
    const given = holder[field];
    delete holder[field];
    // What was read comes back unchanged: the secret stays.
    return typeof given === 'string' || given === null ? [{ name, secret: given }] : [];
  });
  return { settings: parts as unknown as StoredSettings, changes };
}

/** The settings as an owner reads them: of the secrets only that they are there. */
export function withSecrets(settings: StoredSettings, statusOf: (name: SecretName) => KeyStatus): Settings {
  const parts = structuredClone(settings) as unknown as Parts;
  for (const [name, [part, group, field]] of all) holderIn(parts, part, group)[field] = statusOf(name);
  return parts as unknown as Settings;
}

const holderIn = (parts: Parts, part: string, group: string) => parts[part]?.[group] as Record<string, unknown>;
