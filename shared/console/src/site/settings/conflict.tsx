import { Button, Notice } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { formatNumber, languageName } from '../../format.ts';
import { isObject, type Json } from '../../json.ts';
import { translated } from '../../translated.ts';
import { type Choice, type Difference, fieldOf, firstChoices } from './document.ts';
import type { Conflict, SettingsState } from './use-settings.ts';

/** Somebody else saved first. Both versions are shown wherever they differ, and nothing is lost until the owner chooses. */
export function ConflictScreen({ conflict, settings }: { conflict: Conflict; settings: SettingsState }) {
  const [choices, setChoices] = useState<Record<string, Choice | undefined>>(() => firstChoices(conflict.found));
  const open = conflict.found.filter(({ path }) => !choices[path]).length;
  const choose = (which: Choice) => setChoices(Object.fromEntries(conflict.found.map(({ path }) => [path, which])));
  return (
    <section className="confab-section confab-conflict">
      <h2>{__('Somebody else saved these settings meanwhile', 'confab')}</h2>
      <p className="confab-intro">
        {__(
          'Here is every place where their version and yours differ. What only one of you changed is already chosen. Nothing is saved before you press Save.',
          'confab',
        )}
      </p>
      <div className="confab-actions">
        <Button variant="secondary" __next40pxDefaultSize onClick={() => choose('mine')}>
          {__('Choose mine everywhere', 'confab')}
        </Button>
        <Button variant="secondary" __next40pxDefaultSize onClick={() => choose('theirs')}>
          {__('Choose theirs everywhere', 'confab')}
        </Button>
      </div>
      {conflict.found.map(difference => (
        <Pick
          key={difference.path}
          difference={difference}
          choice={choices[difference.path]}
          onChoose={choice => setChoices({ ...choices, [difference.path]: choice })}
        />
      ))}
      {open > 0 && (
        <Notice status="warning" isDismissible={false} className="confab-notice">
          {sprintf(
            /* translators: %s: a number */
            __('Both of you changed the same setting. Still to choose: %s', 'confab'),
            formatNumber(open),
          )}
        </Notice>
      )}
      <div className="confab-actions">
        <Button
          variant="primary"
          __next40pxDefaultSize
          isBusy={settings.isSaving}
          disabled={open > 0 || settings.isSaving}
          accessibleWhenDisabled
          onClick={() => settings.settle(choices)}
        >
          {__('Save what is chosen', 'confab')}
        </Button>
      </div>
    </section>
  );
}

function Pick({
  difference,
  choice,
  onChoose,
}: {
  difference: Difference;
  choice: Choice | undefined;
  onChoose: (choice: Choice) => void;
}) {
  const { path, mine, theirs, changedBy } = difference;
  const by = {
    me: __('changed by you', 'confab'),
    them: __('changed by them', 'confab'),
    both: __('changed by both of you', 'confab'),
  }[changedBy];
  const isKey = fieldOf(path)?.field.kind === 'secret';
  const versions: [Choice, string, Json | undefined][] = [
    ['mine', __('Mine', 'confab'), mine],
    ['theirs', __('Theirs', 'confab'), theirs],
  ];
  return (
    <fieldset className="confab-pick">
      <legend>
        {labelOf(path)} <span className="confab-by">({by})</span>
      </legend>
      {versions.map(([which, label, value]) => (
        <label key={which} className={choice === which ? 'is-chosen' : ''}>
          <input
            type="radio"
            name={`confab-pick-${path}`}
            checked={choice === which}
            onChange={() => onChoose(which)}
          />
          <strong>{label}</strong>
          <span className="confab-version">
            {isKey && typeof value === 'string' && value ? __('a new key', 'confab') : said(value)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The name of a setting, and of the part of it that differs. */
function labelOf(path: string): string {
  const found = fieldOf(path);
  if (!found) return path;
  const [first, ...rest] = found.inside;
  const parts = first === undefined ? [] : [/^[a-z]{2,3}(-|$)/.test(first) ? languageName(first) : first, ...rest];
  return [translated(found.field.label), ...parts].join(' › ');
}

/** A value in words; a key of a provider is never among them. */
function said(value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return __('– empty –', 'confab');
  if (value === true) return __('on', 'confab');
  if (value === false) return __('off', 'confab');
  if (isObject(value) && 'set' in value) {
    if (!value.set) return __('– empty –', 'confab');
    return sprintf(
      /* translators: %s: last four characters of a key */ __('a key that ends in %s', 'confab'),
      String(value.last4),
    );
  }
  if (Array.isArray(value)) return value.length === 0 ? __('– empty –', 'confab') : value.map(said).join('\n');
  if (isObject(value)) {
    return Object.entries(value)
      .map(([key, inner]) => `${key}: ${said(inner)}`)
      .join(', ');
  }
  return String(value);
}
