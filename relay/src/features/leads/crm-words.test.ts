import { describe, expect, it } from 'vitest';
import type { CrmLead } from '../../providers/crm/crm.ts';
import { withoutLead } from './crm-words.ts';

const lead: CrmLead = {
  key: '0193f5a0-7c1e-7000-8000-000000000001',
  kind: 'lead',
  createdAt: new Date('2026-11-22T10:00:00Z'),
  name: 'Zoë van den Berg-Li',
  email: 'zoe.berg@example.com',
  phone: '+4930901820',
  message: 'My diagnosis is diabetes,\nwhich shoes from Größe 42 do you have?',
  callbackAt: null,
  timezone: null,
  pageUrl: 'https://shop.example/diabetic-shoes',
  marketing: false,
  fields: { company: 'Ånalytical <Engines>', code: 'Q7', budget: '100–500 €' },
  transcript: 'Visitor: I was born on the 3rd of May.\nAssistant: Happy birthday.',
};

describe('a CRM’s words that repeat a lead', () => {
  it.each([
    // As the vendors write them.
    ['Property values were not valid: [{"isValid":false,"message":"Email address zoe.berg@example.com is invalid"}]'],
    ['Contact already exists: ZOE.BERG@EXAMPLE.COM'],
    ['emails.0.value: "zoe.berg(at)example.com" is not valid'],
    ['Phone: 030 90 18 20 is not a number'],
    ['mobile +49 (0)30 901820 invalid'],
    ['Last Name: data value too large: Berg-Li (max length=80)'],
    ['FirstName zoë is not allowed'],
    ['Zo\\u00eb cannot be converted'],
    ['Zoe\u0308 van den berg-li: duplicate'],
    ['"My diagnosis is diabetes, which sho" is too long'],
    ['note "My diagnosis is diabetes,\\nwhich shoes" refused'],
    ['Value &quot;Ånalytical &lt;Engines&gt;&quot; is not an option'],
    ['Q7 is wrong, 100–500 € too'],
    ['body contains "I was born on the 3rd of May."'],
    ['url https://shop.example/diabetic-shoes?x=1 is blocked'],
  ])('say nothing of it: %s', words => {
    const clean = withoutLead(words, lead);
    const theirs =
      /zo[eë]|berg|\bli\b|example\.com|90 ?18 ?20|diagnos|diabet|größe|nalytical|engines|500|birthday|born|3rd of/iu;
    expect(clean).not.toMatch(theirs);
    expect(clean).toContain('[');
  });

  it('say no name that is written without blanks', () => {
    expect(withoutLead('姓名张伟无效', { ...lead, name: '张伟' })).toBe('姓名[...]无效');
  });

  it('stay what they are where they repeat nothing', () => {
    const words = 'Field "size" does not exist. Add it under Settings > Properties, then try again (correlation 7f07).';
    expect(withoutLead(words, lead)).toBe(words);
  });

  it('of a lead that says next to nothing stay readable', () => {
    const short = { ...lead, name: 'Al', message: 'e', fields: { a: 'b' }, transcript: null, pageUrl: null };
    expect(withoutLead('Al must be a valid e-mail address', short)).toBe('[...] must be a valid e-mail address');
  });

  it('take no time, however long both are', () => {
    const long = 'ab'.repeat(50_000);
    expect(withoutLead('ab'.repeat(150), { ...lead, message: long, transcript: long }).length).toBeLessThan(20);
  });
});
