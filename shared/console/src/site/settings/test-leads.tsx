import { Button } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { CrmTestResponse } from '../../../../contract/src/lead.ts';
import { asApiError, useClient } from '../../client.ts';
import { faultWords, targetName } from '../../delivery.ts';
import { type Json, valueAt } from '../../json.ts';

/** A button for each CRM that is chosen, which has the relay try it with a lead of nobody. */
export function TestLeads({ saved, isDirty }: { saved: Json; isDirty: boolean }) {
  const chosen = valueAt(saved, 'crm.connectors');
  const names = Array.isArray(chosen) ? chosen.map(String) : [];
  if (names.length === 0) return null;
  return (
    <fieldset className="confab-group">
      <legend>{__('Try it', 'confab')}</legend>
      {names.map(name => (
        <TestLead key={name} name={name} isDirty={isDirty} />
      ))}
      <p className="confab-help">
        {isDirty
          ? __('Save first: what is tried are the settings that are saved.', 'confab')
          : __('A lead named “Confab test” is made in your CRM, and erased again at once.', 'confab')}
      </p>
    </fieldset>
  );
}

type Said = { isGood: boolean; words: string };

function TestLead({ name, isDirty }: { name: string; isDirty: boolean }) {
  const [isTrying, setTrying] = useState(false);
  const [said, setSaid] = useState<Said>();
  const { request, may } = useClient();
  const crm = targetName(name);
  const tryIt = async () => {
    setTrying(true);
    setSaid(undefined);
    try {
      const { answer } = await request<CrmTestResponse>('POST', `/crm/${encodeURIComponent(name)}/test`);
      setSaid({ isGood: answer.ok, words: answer.ok ? __('It arrived.', 'confab') : faultWords(answer) });
    } catch (error) {
      setSaid({ isGood: false, words: asApiError(error).message });
    }
    setTrying(false);
  };
  return (
    <div className="confab-test">
      <Button
        variant="secondary"
        size="compact"
        isBusy={isTrying}
        disabled={isTrying || isDirty || !may('manager')}
        accessibleWhenDisabled
        onClick={tryIt}
      >
        {sprintf(/* translators: %s: name of a CRM */ __('Send a test lead to %s', 'confab'), crm)}
      </Button>
      <span role="status" className={said && (said.isGood ? 'confab-saved' : 'confab-error')} dir="auto">
        {isTrying ? __('Trying…', 'confab') : said?.words}
      </span>
    </div>
  );
}
