import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { PrivacyRegister } from '../../../../contract/src/privacy-register.ts';
import { agreementText, asPlainText } from './agreement.ts';

beforeAll(() => vi.stubGlobal('document', { documentElement: { lang: 'en' } }));
afterAll(() => vi.unstubAllGlobals());

const register: PrivacyRegister = {
  generatedAt: '2026-11-22T12:00:00.000Z',
  site: { key: 'abc', name: 'Shop\n# [x](javascript:1) <b>', policyUrl: null },
  subProcessors: [
    {
      name: 'HubSpot',
      service: 'crm',
      purpose: 'Keeps leads.',
      data: 'Leads.',
      place: 'api.hubapi.com',
      state: 'in_use',
    },
  ],
  data: [
    {
      kind: 'leads',
      table: 'Lead',
      data: 'Contact details',
      purpose: 'To call back',
      origin: 'The visitor',
      recipients: 'The owner',
      kept: 'The window for contact details',
      days: 77,
    },
  ],
};

it('says who gets what, and how long each kind is kept', () => {
  const text = agreementText(register);
  expect(text).toContain('### HubSpot (CRM)');
  expect(text).toContain('- Where: api.hubapi.com');
  expect(text).toContain('- How long: The window for contact details (77 days)');
});

it('lets nothing that an owner typed become markup', () => {
  expect(agreementText(register).split('\n')[0]).toBe(
    '# Processing of personal data: Shop \\# \\[x\\](javascript:1) \\<b\\>',
  );
});

it('says where nobody gets anything', () => {
  expect(agreementText({ ...register, subProcessors: [] })).toContain('None beside whoever runs the relay.');
});

it('reads as plain text, too', () => {
  const text = asPlainText(agreementText(register));
  expect(text).toMatch(/^PROCESSING OF PERSONAL DATA: SHOP # \[X\]/);
  expect(text).not.toMatch(/^#/m);
});
