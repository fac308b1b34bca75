import { Button, Notice } from '@wordpress/components';
import { Fragment, useEffect, useRef } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { type SettingsSection, settingsSections } from '../../../../contract/src/settings-fields.ts';
import { type FieldError, useClient } from '../../client.ts';
import { formatNumber } from '../../format.ts';
import { type Json, valueAt } from '../../json.ts';
import { NotAllowed, Problem, Waiting } from '../../parts.tsx';
import { translated } from '../../translated.ts';
import { Confirmations } from './confirmations.tsx';
import { ConflictScreen } from './conflict.tsx';
import { changed, fieldOf, isShown } from './document.ts';
import { Field, helpOf } from './fields.tsx';
import { LauncherPreview } from './preview.tsx';
import { RetentionPreview } from './retention-preview.tsx';
import { TestLeads } from './test-leads.tsx';
import { type SettingsState, useSettings } from './use-settings.ts';

export { useSettings };

/** A section that is no part of the relay's settings. */
export type OtherSection = { id: string; title: string; content: ReactNode };

/** The settings that the relay keeps, drawn from their descriptions, and below them what the platform adds. */
export function SettingsScreen({ settings, others = [] }: { settings: SettingsState; others?: OtherSection[] }) {
  const { may } = useClient();
  const { draft, saved, loadError, reload, conflict } = settings;
  if (draft === undefined || saved === undefined) {
    return loadError ? <Problem error={loadError} retry={reload} /> : <Waiting />;
  }
  if (conflict) return <ConflictScreen conflict={conflict} settings={settings} />;
  return (
    <div className="confab-settings">
      <nav className="confab-index" aria-label={__('Sections', 'confab')}>
        <ul>
          {settingsSections.map(({ id, title }) => (
            <li key={id}>
              <a href={`#confab-${id}`}>{translated(title)}</a>
            </li>
          ))}
          {others.map(({ id, title }) => (
            <li key={id}>
              <a href={`#confab-${id}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
      <form
        className="confab-sections"
        noValidate
        onSubmit={event => {
          event.preventDefault();
          void settings.save();
        }}
      >
        <Outcome settings={settings} />
        {!may('manager') && <NotAllowed needs="manager" />}
        <fieldset className="confab-all" disabled={!may('manager')}>
          <legend className="screen-reader-text">{__('Settings', 'confab')}</legend>
          {settingsSections.map(section => (
            <SectionOf key={section.id} section={section} settings={settings} draft={draft} saved={saved} />
          ))}
        </fieldset>
        {may('manager') && <SaveBar settings={settings} />}
      </form>
      {others.length > 0 && (
        <div className="confab-sections">
          {others.map(({ id, content }) => (
            <Fragment key={id}>{content}</Fragment>
          ))}
        </div>
      )}
    </div>
  );
}

function SectionOf({
  section,
  settings,
  draft,
  saved,
}: {
  section: SettingsSection;
  settings: SettingsState;
  draft: Json;
  saved: Json;
}) {
  const locale = String(valueAt(draft, 'locale') ?? 'en');
  return (
    <section className="confab-section" id={`confab-${section.id}`} aria-labelledby={`confab-${section.id}-title`}>
      <h2 id={`confab-${section.id}-title`}>{translated(section.title)}</h2>
      {section.description && <p className="confab-intro">{translated(section.description)}</p>}
      {section.fields.map(field => {
        const { own, inside } = errorsOf(field.path, settings.refused);
        if (!isShown(field, draft) && own.length + inside.length === 0) return null;
        return (
          <Fragment key={field.path}>
            <Field
              field={field}
              value={field.path === 'hours.weekly' ? (valueAt(draft, field.path) ?? null) : valueAt(draft, field.path)}
              onChange={value => settings.change(document => changed(document, field, value))}
              help={helpOf(field, own)}
              isWrong={own.length > 0}
              errors={inside}
              locale={locale}
              settings={draft}
            />
            {field.path === 'notifications.addresses' && <Confirmations saved={saved} />}
          </Fragment>
        );
      })}
      {section.id === 'crm' && <TestLeads saved={saved} isDirty={settings.isDirty} />}
      {section.id === 'appearance' && <LauncherPreview appearance={valueAt(draft, 'appearance')} />}
      {section.id === 'privacy' && (
        <RetentionPreview windows={valueAt(draft, 'retention')} saved={valueAt(saved, 'retention')} />
      )}
    </section>
  );
}

/** Of what was refused: what is said at the field, and what at a part of it. Kinds without parts to point at say all. */
function errorsOf(path: string, refused: FieldError[]): { own: FieldError[]; inside: FieldError[] } {
  const mine = refused.flatMap(error => {
    const found = fieldOf(error.path);
    return found?.field.path === path ? [{ path: found.inside.join('.'), message: error.message }] : [];
  });
  const pointed = /^\d+\.(label|purpose)\b|^[a-z][\w-]*\.[a-zA-Z]+$/;
  return {
    own: mine.filter(error => !pointed.test(error.path)),
    inside: mine.filter(error => pointed.test(error.path)),
  };
}

/** Why the last save was refused. */
function Outcome({ settings }: { settings: SettingsState }) {
  const { saveError, refused } = settings;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!saveError) return;
    place.current?.scrollIntoView({ block: 'center' });
    place.current?.querySelector<HTMLElement>('button')?.focus({ preventScroll: true });
  }, [saveError]);
  return (
    <div ref={place}>
      {saveError && refused.length === 0 && <Problem error={saveError} />}
      {refused.length > 0 && (
        <Notice status="error" isDismissible={false} className="confab-notice">
          <p>
            {sprintf(
              /* translators: %s: a number */
              _n(
                'Nothing was saved yet: %s setting has to be corrected.',
                'Nothing was saved yet: %s settings have to be corrected.',
                refused.length,
                'confab',
              ),
              formatNumber(refused.length),
            )}
          </p>
          <ul className="confab-list">
            {refused.map(({ path, message }) => (
              <li key={`${path} ${message}`}>
                <RefusedLink path={path} />: {message}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

/** Leads to the field that was refused. */
function RefusedLink({ path }: { path: string }) {
  const field = fieldOf(path)?.field;
  if (!field) return <code>{path}</code>;
  const go = () => {
    const element = document.querySelector(`[data-path="${field.path}"]`);
    element?.scrollIntoView({ block: 'center' });
    element?.querySelector<HTMLElement>('input, textarea, select, button')?.focus({ preventScroll: true });
  };
  return (
    <Button variant="link" onClick={go}>
      {translated(field.label)}
    </Button>
  );
}

function SaveBar({ settings }: { settings: SettingsState }) {
  const { isDirty, isSaving, wasSaved, discard } = settings;
  const bar = useRef<HTMLDivElement>(null);
  const undo = () => {
    discard();
    bar.current?.querySelector<HTMLElement>('button')?.focus();
  };
  return (
    <div ref={bar} className={`confab-save${isDirty ? ' is-dirty' : ''}`}>
      <Button
        variant="primary"
        type="submit"
        __next40pxDefaultSize
        isBusy={isSaving}
        disabled={isSaving || !isDirty}
        accessibleWhenDisabled
      >
        {__('Save settings', 'confab')}
      </Button>
      {isDirty && (
        <Button variant="tertiary" __next40pxDefaultSize disabled={isSaving} onClick={undo}>
          {__('Discard changes', 'confab')}
        </Button>
      )}
      <span role="status" className={wasSaved ? 'confab-saved' : ''}>
        {isSaving
          ? __('Saving…', 'confab')
          : isDirty
            ? __('You have changes that are not saved yet.', 'confab')
            : wasSaved && __('Saved.', 'confab')}
      </span>
    </div>
  );
}
