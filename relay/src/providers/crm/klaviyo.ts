import type { DataPrivacyApi, ProfilesApi } from 'klaviyo-api';
import { z } from 'zod';
import { type Crm, CrmFault, type CrmLead, type Mapping } from './crm.ts';
import { cut, mapped, noteMark, noteText, retryAfterS, splitName, within, wordsOf } from './lead-text.ts';

/**
 * Klaviyo: a profile for each person, and on it a list of texts, one for each lead.
 *
 * Klaviyo keeps the e-mail address, the phone number and the external id of profiles apart, and would merge and overwrite
 * by any of them in its "create or update". So we create, and where Klaviyo says that there is such a profile, fill that
 * one. The external id is the key of the first lead that came of a person, where the owner's systems have set no other: it
 * finds the profile again, and Klaviyo itself makes no second one of one key. A profile that we made says so; only such a
 * one is overwritten, and deleted as long as its external id is ours. Further leads of a person add a text, and are found
 * by the id that Klaviyo gave. The texts are a property, since Klaviyo's events can neither be changed nor erased.
 */
export type KlaviyoOptions = {
  /** A private key with the scopes profiles, lists and subscriptions (read and write) and data-privacy (write). */
  apiKey: string;
  baseUrl: string;
  /** Where those go who agreed to marketing e-mails; none: nobody is subscribed to anything. */
  listId: string | null;
  mapping: Mapping;
  timeoutMs?: number;
};

const LEADS = 'confab_leads';
const MADE = 'confab_made';
const SUBSCRIBED = 'confab_subscribed';
// A request may hold 100 kB, of which a character takes up to four bytes, or six where JSON escapes it.
const LONGEST_NOTE = 10_000;
const LONGEST_VALUE = 1_000;
const LONGEST_NAME = 250;

/** Klaviyo's own attributes that a mapping may name, and what its SDK calls them. The others are custom properties. */
const attributes: Record<string, string> = {
  first_name: 'firstName',
  last_name: 'lastName',
  organization: 'organization',
  title: 'title',
  locale: 'locale',
};

const filled = z.string().nullish();
const profileSchema = z.object({
  id: z.string().min(1),
  attributes: z.looseObject({
    email: filled,
    phoneNumber: filled,
    externalId: filled,
    properties: z.record(z.string(), z.unknown()).nullish(),
  }),
});
type Profile = z.infer<typeof profileSchema>;
const oneSchema = z.object({ data: profileSchema });
const manySchema = z.object({ data: z.array(profileSchema) });
const problemSchema = z.object({
  errors: z
    .array(
      z.object({
        code: z.string().optional(),
        title: z.string().optional(),
        detail: z.string().optional(),
        source: z.object({ pointer: z.string().optional() }).optional(),
        meta: z.object({ duplicate_profile_id: z.string().optional() }).optional(),
      }),
    )
    .min(1),
});
type Problem = z.infer<typeof problemSchema>['errors'][number];

export function createKlaviyo({ apiKey, baseUrl, listId, mapping, timeoutMs = 15_000 }: KlaviyoOptions): Crm {
  const run = <T>(signal: AbortSignal, work: (calls: Calls) => Promise<T>): Promise<T> =>
    within(timeoutMs, signal, async either => {
      const { ApiKeySession, DataPrivacyApi, ProfilesApi, RetryWithExponentialBackoff } = await import('klaviyo-api');
      const session = new ApiKeySession(apiKey, new RetryWithExponentialBackoff({ numRetries: 0 }));
      const send = session.requestWithRetry.bind(session);
      session.requestWithRetry = request => send({ ...request, signal: either, maxRedirects: 0 });
      const profiles = new ProfilesApi(session);
      const privacy = new DataPrivacyApi(session);
      for (const api of [profiles, privacy]) api.basePath = baseUrl;
      return work(callsOf(profiles, privacy));
    });

  return {
    upsertLead: (lead, known, signal) =>
      run(signal, async calls => {
        const there = await find(calls, { key: lead.key, known });
        const profile = there ? await bringUp(calls, lead, there) : await make(calls, lead);
        await tellMarketing(calls, lead, profile);
        return { recordId: profile.id };
      }),

    eraseLead: (lead, signal) =>
      run(signal, async calls => {
        const profile = await find(calls, lead);
        if (!profile) return;
        const { externalId, properties } = profile.attributes;
        const texts = listIn(profile, LEADS);
        const mine = texts.filter(isOf(lead.key));
        const others = texts.filter(text => !mine.includes(text));
        const next = others.map(keyOf).find(key => key !== undefined) ?? null;
        const isFirst = externalId === lead.key;
        if (isFirst && properties?.[MADE] === true && !next) return calls.remove(profile.id);
        const given = isFirst ? { externalId: next } : {};
        if (others.length > 0) {
          const unappend = { [LEADS]: mine, [SUBSCRIBED]: lead.key };
          await calls.update(profile.id, { attributes: given, unappend });
        } else {
          // Emptied, not unset: the SDK fails over what Klaviyo has for that.
          const ours = Object.entries({ [LEADS]: [], [SUBSCRIBED]: [], [MADE]: null });
          const held = ours.filter(([name]) => properties && name in properties);
          await calls.update(profile.id, { attributes: { ...given, properties: Object.fromEntries(held) } });
        }
      }),

    check: signal => run(signal, async calls => void (await calls.byKey('none'))),
  };

  function values(lead: CrmLead) {
    const { first, last } = splitName(lead.name);
    const own: Record<string, string> = {};
    const custom: Record<string, string> = {};
    for (const [name, value] of Object.entries({ first_name: first, last_name: last, ...mapped(lead, mapping) })) {
      const attribute = attributes[name];
      if (value && attribute) own[attribute] = cut(value, LONGEST_NAME);
      else if (value) custom[name] = cut(value, LONGEST_VALUE);
    }
    if (lead.email) own.email = lead.email;
    if (lead.phone) own.phoneNumber = lead.phone;
    return { own, custom };
  }

  function textOf(lead: CrmLead): string {
    return cut(noteText(lead, mapping), LONGEST_NOTE);
  }

  async function find(calls: Calls, { key, known }: { key: string; known: string | null }) {
    return (known ? await calls.get(known) : undefined) ?? (await calls.byKey(key));
  }

  async function make(calls: Calls, lead: CrmLead): Promise<Profile> {
    const { own, custom } = values(lead);
    const properties = { ...custom, [MADE]: true, [LEADS]: [textOf(lead)] };
    const made = await calls.create({ ...own, externalId: lead.key, properties });
    if (typeof made !== 'string') return made;
    const there = await calls.get(made);
    const other = there?.attributes.email?.toLowerCase();
    if (there && !(other && lead.email && other !== lead.email.toLowerCase())) return bringUp(calls, lead, there);
    // People share telephones; two addresses are two people.
    const { phoneNumber: _, ...others } = own;
    const second = await calls.create({ ...others, externalId: lead.key, properties });
    if (typeof second !== 'string') return second;
    const found = await calls.get(second);
    if (!found) throw new CrmFault('unavailable');
    return bringUp(calls, lead, found);
  }

  /** The profile that we made of this lead gets its values; any other what it lacks, where it has no name a whole one. */
  async function bringUp(calls: Calls, lead: CrmLead, profile: Profile): Promise<Profile> {
    const { attributes: held } = profile;
    const properties = held.properties ?? {};
    const isOwn = held.externalId === lead.key && properties[MADE] === true;
    const isNamed = !!(held.firstName || held.lastName);
    const isKept = (name: string) => !!held[name] || (isNamed && (name === 'firstName' || name === 'lastName'));
    const { own, custom } = values(lead);
    const now = Object.entries(own).filter(([name, value]) => held[name] !== value && (isOwn || !isKept(name)));
    const more = Object.entries(custom).filter(
      ([name, value]) => properties[name] !== value && (isOwn || !properties[name]),
    );
    const changed: Record<string, unknown> = Object.fromEntries(now);
    if (more.length > 0) changed.properties = Object.fromEntries(more);
    if (!held.externalId) changed.externalId = lead.key;

    const text = textOf(lead);
    const mine = listIn(profile, LEADS).filter(isOf(lead.key));
    const stands = mine.length === 1 && mine[0] === text;
    if (stands && Object.keys(changed).length === 0) return profile;
    const isNew = mine.length === 0;
    let updated = await calls.update(profile.id, {
      attributes: changed,
      ...(!stands && (isNew ? { append: { [LEADS]: text } } : { unappend: { [LEADS]: mine } })),
    });
    if (!stands && !isNew) updated = await calls.update(profile.id, { attributes: {}, append: { [LEADS]: text } });
    // Two processes may each have added it.
    const texts = listIn(updated, LEADS);
    if (texts.filter(isOf(lead.key)).length < 2) return updated;
    return calls.update(profile.id, { attributes: { properties: { [LEADS]: [...new Set(texts)] } } });
  }

  /** Subscribes who agreed, once for each lead: who unsubscribes later is not subscribed again by its next change. */
  async function tellMarketing(calls: Calls, lead: CrmLead, profile: Profile): Promise<void> {
    const isTold = listIn(profile, SUBSCRIBED).includes(lead.key);
    if (!listId || !lead.email || lead.marketing === isTold) return;
    if (lead.marketing) await calls.subscribe(lead.email, listId);
    else await calls.unsubscribe(lead.email, listId);
    const change = { [SUBSCRIBED]: lead.key };
    await calls.update(profile.id, { attributes: {}, ...(lead.marketing ? { append: change } : { unappend: change }) });
  }
}

type Calls = ReturnType<typeof callsOf>;
type Change = {
  attributes: Record<string, unknown>;
  append?: Record<string, unknown>;
  unappend?: Record<string, unknown>;
};

/** Klaviyo's operations in our terms: each either did it, or throws a fault. */
function callsOf(profiles: ProfilesApi, privacy: DataPrivacyApi) {
  const type = 'profile';
  /** Without the phone number where it is that what Klaviyo does not take: it stands in the lead's text. */
  const phoneAside = async <T>(
    given: Record<string, unknown>,
    send: (given: Record<string, unknown>) => Promise<T>,
  ) => {
    try {
      return await send(given);
    } catch (error) {
      if (!(error instanceof Refusal) || !error.isAbout('phone_number') || !given.phoneNumber) throw error;
      const { phoneNumber: _, ...others } = given;
      return await send(others);
    }
  };

  return {
    get: async (id: string): Promise<Profile | undefined> => {
      try {
        return (await asked(oneSchema, profiles.getProfile(id))).data;
      } catch (error) {
        if (error instanceof Refusal && error.status === 404) return undefined;
        throw error;
      }
    },
    byKey: async (key: string): Promise<Profile | undefined> => {
      const filter = `equals(external_id,${JSON.stringify(key)})`;
      return (await asked(manySchema, profiles.getProfiles({ filter, pageSize: 1 }))).data[0];
    },
    /** The profile; or the id of the one that is there already. */
    create: (given: Record<string, unknown>): Promise<Profile | string> =>
      phoneAside(given, async sent => {
        try {
          return (await asked(oneSchema, profiles.createProfile({ data: { type, attributes: sent } }))).data;
        } catch (error) {
          if (error instanceof Refusal && error.duplicate) return error.duplicate;
          throw error;
        }
      }),
    update: (id: string, { attributes: given, append, unappend }: Change): Promise<Profile> => {
      const patchProperties = { ...(append && { append }), ...(unappend && { unappend }) };
      const meta = (append || unappend) && { meta: { patchProperties } };
      const send = async (sent: Record<string, unknown>) =>
        (await asked(oneSchema, profiles.updateProfile(id, { data: { type, id, attributes: sent, ...meta } }))).data;
      return phoneAside(given, async sent => {
        try {
          return await send(sent);
        } catch (error) {
          // The new address or number is another profile's: that stands in the lead's text.
          if (!(error instanceof Refusal) || error.status !== 409) throw error;
          const { email: _, phoneNumber: __, ...others } = sent;
          return await send(others);
        }
      });
    },
    remove: async (id: string) => {
      const profile = { data: { type, id, attributes: {} } } as const;
      await told(
        privacy.requestProfileDeletion({ data: { type: 'data-privacy-deletion-job', attributes: { profile } } }),
      ).catch(error => {
        if (!(error instanceof Refusal) || error.status !== 404) throw error;
      });
    },
    subscribe: async (email: string, listId: string) => {
      const subscriptions = { email: { marketing: { consent: 'SUBSCRIBED' } } } as const;
      const attributes = {
        customSource: 'Chat',
        profiles: { data: [{ type, attributes: { email, subscriptions } }] },
      } as const;
      const relationships = { list: { data: { type: 'list', id: listId } } } as const;
      const job = { type: 'profile-subscription-bulk-create-job', attributes, relationships } as const;
      await ofList(told(profiles.bulkSubscribeProfiles({ data: job as never })));
    },
    unsubscribe: async (email: string, listId: string) => {
      const subscriptions = { email: { marketing: { consent: 'UNSUBSCRIBED' } } } as const;
      const attributes = { profiles: { data: [{ type, attributes: { email, subscriptions } }] } } as const;
      const relationships = { list: { data: { type: 'list', id: listId } } } as const;
      const job = { type: 'profile-subscription-bulk-delete-job', attributes, relationships } as const;
      await ofList(told(profiles.bulkUnsubscribeProfiles({ data: job as never })));
    },
  };
}

const listIn = ({ attributes: { properties } }: Profile, name: string): string[] =>
  [properties?.[name] ?? []].flat().filter(each => typeof each === 'string');
const keyOf = (text: string): string | undefined => /^\[confab:([^\]]+)\]/.exec(text)?.[1];
const isOf = (key: string) => (text: string) => text.startsWith(noteMark(key));

/** A fault that Klaviyo answered, with what tells one from another. */
class Refusal extends CrmFault {
  readonly status: number;
  readonly #problem: Problem;

  constructor(status: number, problem: Problem, fault: CrmFault) {
    super(fault.fault, fault);
    this.status = status;
    this.#problem = problem;
  }

  /** The profile that is there already. */
  get duplicate(): string | undefined {
    return this.status === 409 ? this.#problem.meta?.duplicate_profile_id : undefined;
  }

  isAbout(name: string): boolean {
    return !!this.#problem.source?.pointer?.includes(name);
  }
}

/** A list that there is not is the owner's to set. */
async function ofList(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Refusal) || (error.status !== 404 && !error.isAbout('list'))) throw error;
    throw new CrmFault('misconfigured', error);
  }
}

async function asked<Schema extends z.ZodType>(
  schema: Schema,
  call: Promise<{ body?: unknown }>,
): Promise<z.infer<Schema>> {
  const answer = schema.safeParse((await told(call)).body);
  if (!answer.success) throw new CrmFault('garbled');
  return answer.data;
}

async function told<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw faultOf(error);
  }
}

const answerSchema = z.object({ status: z.number(), data: z.unknown(), headers: z.looseObject({}).catch({}) });

function faultOf(error: unknown): CrmFault {
  if (!(error instanceof Error)) return new CrmFault('garbled');
  const answer = answerSchema.safeParse('response' in error ? error.response : undefined).data;
  if (!answer) return new CrmFault('code' in error ? 'unavailable' : 'garbled');
  const { status, data, headers } = answer;
  const problem = problemSchema.safeParse(data).data?.errors[0] ?? {};
  const words = wordsOf(problem.detail ?? problem.title);
  const more = words ? { words } : {};
  const because = (fault: CrmFault) => new Refusal(status, problem, fault);
  if (status === 401) return because(new CrmFault('unauthorized', more));
  if (status === 403) return because(new CrmFault('misconfigured', more));
  if (status === 429) {
    return because(new CrmFault('rate_limited', { ...more, retryAfterS: retryAfterS(headers['retry-after']) }));
  }
  if (status >= 500) return because(new CrmFault('unavailable', more));
  return because(new CrmFault(status >= 400 ? 'invalid' : 'garbled', more));
}
