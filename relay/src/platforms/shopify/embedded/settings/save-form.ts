import { settingsUpdate } from '@confab/contract';
import { z } from 'zod';
import type { Site, Sites } from '../../../../features/sites/index.ts';
import { validate } from '../../../../http/validate.ts';
import { AppError } from '../../../../lib/app-error.ts';
import { inWords } from './in-words.ts';
import { changedBy, overtaken } from './read-form.ts';

/** The form with its own texts in many languages, and what it was like when it was shown. */
export const FORM_MAX = 4 * 1024 * 1024;

const values = z.record(z.string(), z.union([z.string(), z.boolean()]));
const posted = z.strictObject({ version: z.coerce.number().int(), base: values, form: values });

/**
 * Saves what the merchant has changed since the form was shown. Throws 412 `precondition_failed` where somebody else has
 * saved meanwhile, with what they changed at each field; whoever then sends the version that stands now saves over it.
 * Gives the version that stands from now on.
 */
export async function saveForm(sites: Sites, site: Site, body: unknown): Promise<number> {
  const { version, base, ...form } = validate(z.looseObject({}), body);
  const shown = validate(posted, { version, base, form });
  const stands = (await sites.byId(site.id)) ?? site;
  if (stands.settingsVersion !== shown.version) throw conflict(sites, stands, shown.base);
  const update = changedBy(shown.form, shown.base, sites.settingsOf(stands));
  const outcome = await sites.updateSettings(stands, shown.version, checked(settingsUpdate, update));
  if (!outcome.saved) throw conflict(sites, outcome.site, shown.base);
  return outcome.site.settingsVersion;
}

/** What a form has sent, where it is right; else says at each field what is not. `part`: the settings it is a part of. */
export function checked<Schema extends z.ZodType>(schema: Schema, update: unknown, part = ''): z.output<Schema> {
  try {
    return validate(schema, update);
  } catch (error) {
    if (!(error instanceof AppError) || !error.errors) throw error;
    const count = error.errors.length;
    const what = count === 1 ? 'One setting needs' : `${count} settings need`;
    throw new AppError('validation_failed', `Nothing was saved yet: ${what} your attention.`, {
      errors: error.errors.map(({ path, message }) => ({ ...inWords({ path: part + path, message }), path })),
    });
  }
}

function conflict(sites: Sites, site: Site, shown: z.infer<typeof values>): AppError {
  const errors = overtaken(shown, sites.settingsOf(site)).map(({ path, stands }) => ({ path, message: stands }));
  return new AppError('precondition_failed', 'Not saved yet: somebody else has saved these settings meanwhile.', {
    errors,
    current: { version: String(site.settingsVersion) },
  });
}
