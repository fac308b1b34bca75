import { type SettingsField, settingsSections } from '../../../../contract/src/settings-fields.ts';
import { isEqual, isObject, type Json, type JsonObject, valueAt, withValueAt } from '../../json.ts';

export const settingsFields: SettingsField[] = settingsSections.flatMap(({ fields }) => fields);

/** The settings with one of them changed. Without weekly hours there are no hours at all, so the other days go with them. */
export function changed(settings: Json, { path }: Pick<SettingsField, 'path'>, value: Json): JsonObject {
  if (path === 'hours.weekly') {
    const hours = valueAt(settings, 'hours');
    const others = isObject(hours) ? hours : { holidays: [], exceptions: [] };
    return withValueAt(settings, 'hours', value === null ? null : { ...others, weekly: value });
  }
  return withValueAt(settings, path, value);
}

/** Whether a field matters while the settings are these: what is of one choice is asked where that was chosen. */
export function isShown({ onlyWith }: SettingsField, settings: Json): boolean {
  if (!onlyWith) return true;
  const chosen = valueAt(settings, onlyWith.path);
  return Array.isArray(chosen) && chosen.includes(onlyWith.value);
}

/** One place where two people wanted different things. `undefined`: there it is not set at all. */
export type Difference = {
  path: string;
  mine: Json | undefined;
  theirs: Json | undefined;
  /** Who changed it since `base`. Where both did, only the owner can decide. */
  changedBy: 'me' | 'them' | 'both';
};

/** A key of a provider is one value, though it reads as an object; what a list or a mapping holds belongs together. */
const isWhole = (path: string) =>
  settingsFields.some(field => field.path === path && (field.kind === 'secret' || field.kind === 'mapping'));

/** Every place where the two documents differ, as deep as their objects go. */
export function differences(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
  path = '',
): Difference[] {
  if (isEqual(mine, theirs)) return [];
  if (isObject(mine) && isObject(theirs) && !isWhole(path)) {
    const inBase = isObject(base) ? base : {};
    return [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].flatMap(key =>
      differences(inBase[key], mine[key], theirs[key], path ? `${path}.${key}` : key),
    );
  }
  const iDid = !isEqual(base, mine);
  const theyDid = !isEqual(base, theirs);
  return [{ path, mine, theirs, changedBy: iDid && theyDid ? 'both' : iDid ? 'me' : 'them' }];
}

export type Choice = 'mine' | 'theirs';

/** Before anybody chose: what only one side has changed is kept; what both have changed waits for the owner. */
export const firstChoices = (found: Difference[]): Record<string, Choice | undefined> =>
  Object.fromEntries(
    found.map(({ path, changedBy }) => [
      path,
      changedBy === 'both' ? undefined : changedBy === 'me' ? 'mine' : 'theirs',
    ]),
  );

/** Their document, with my value wherever mine was chosen. */
export function merged(theirs: Json, found: Difference[], choices: Record<string, Choice | undefined>): Json {
  return found
    .filter(({ path }) => choices[path] === 'mine')
    .reduce<Json>((document, { path, mine }) => withValueAt(document, path, mine), theirs);
}

/** The description of the field that a path belongs to, and what of the path lies inside it. */
export function fieldOf(path: string): { field: SettingsField; inside: string[] } | undefined {
  const field = settingsFields.find(each => path === each.path || path.startsWith(`${each.path}.`));
  if (field)
    return {
      field,
      inside: path
        .slice(field.path.length + 1)
        .split('.')
        .filter(Boolean),
    };
  // `hours` is null as a whole: then its first field speaks for it.
  const parent = settingsFields.find(each => each.path.startsWith(`${path}.`));
  return parent && { field: parent, inside: [] };
}
