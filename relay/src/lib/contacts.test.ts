import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../e2e/fakes/shared-data.ts';
import { contactsIn, emailKey, mentionsIn, phoneKey, replaceMentions } from './contacts.ts';

const forms = sharedData('own/security/form_inputs.json');
const sentinels = sharedData('own/pii/sentinels.json')?.must_be_scrubbed;
const survivors: string[] = sharedData('own/pii/sentinels.json')?.must_survive ?? [];

describe('the normal form of an e-mail address', () => {
  it.each([
    ['Jane.Doe@Example.COM', 'jane.doe@example.com'],
    ['  jane@example.com\n', 'jane@example.com'],
    ['jane+tag@example.com', 'jane+tag@example.com'],
    ['ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'jane@example.com'],
    ['jane@example。com', 'jane@example.com'],
    ['jose\u0301@example.com', 'jos\u00e9@example.com'],
    ['jane@EXÄMPLE.de', 'jane@xn--exmple-cua.de'],
    ['jane@exa\u0308mple.de', 'jane@xn--exmple-cua.de'],
    ['jane@xn--exmple-cua.de', 'jane@xn--exmple-cua.de'],
    ['straße@straße.de', 'straße@xn--strae-oqa.de'],
    ['İnci@example.com', 'i\u0307nci@example.com'],
    ['用户@例子.example', '用户@xn--fsqu00a.example'],
    ["O'Connor@example.ie", "o'connor@example.ie"],
  ])('makes %s the same as every other spelling', (typed, key) => {
    expect(emailKey(typed)).toBe(key);
    expect(emailKey(key)).toBe(key);
  });

  it.skipIf(!forms)('takes what a form must accept, and refuses what it must refuse', () => {
    expect(forms.accept.filter((text: string) => emailKey(text) === undefined)).toEqual([]);
    expect(forms.refuse.filter((text: string) => emailKey(text) !== undefined)).toEqual([]);
    for (const text of [...forms.either_but_never_crash, ...forms.csv_formula]) emailKey(text);
  });

  it.each([
    'jane@localhost',
    'jane@1.2.3.4',
    'jane@example.com:25',
    'jane@example.com/x',
    'jane@exa%6dple.com',
    'jane@user@example.com',
    'ja\u200bne@example.com',
    'jane@exam\u00adple.com',
    '\ud800@example.com',
    'jane@-',
    'jane@.com',
    'jane@xn--.com',
    `jane@${'example.'.repeat(40)}com`,
    `${'a'.repeat(65)}@example.com`,
  ])('refuses %s', text => {
    expect(emailKey(text)).toBeUndefined();
  });

  it('is its own normal form, whatever the character', () => {
    const unstable: string[] = [];
    for (let code = 0; code <= 0x2ffff; code += 1) {
      const key = emailKey(`a${String.fromCodePoint(code)}b@example.com`);
      if (key !== undefined && emailKey(key) !== key) unstable.push(code.toString(16));
    }
    expect(unstable).toEqual([]);
  });
});

describe('the normal form of a telephone number', () => {
  it.each([
    ['+1 415 555 2671', null, '+14155552671'],
    ['tel:+14155552671', null, '+14155552671'],
    ['(415) 555-2671', 'US', '+14155552671'],
    ['00441514960123', 'IE', '+441514960123'],
    ['00441514960123', null, '+441514960123'],
    ['00441514960123', 'US', '+441514960123'],
    ['011 44 151 496 0123', 'US', '+441514960123'],
    ['0151 12345678', 'DE', '+4915112345678'],
    ['+49 (0)30 901820', null, '+4930901820'],
    ['٠١٥١ ١٢٣٤٥٦٧٨', 'DE', '+4915112345678'],
    ['＋４９ ３０ ９０１８２０', null, '+4930901820'],
    ['+39 06 698 82 222', null, '+390669882222'],
    ['+1 415 555 2671 ext. 12', null, '+14155552671'],
  ])('makes %s in %s one number', (typed, country, key) => {
    expect(phoneKey(typed, country)).toBe(key);
    expect(phoneKey(key, null)).toBe(key);
  });

  it('takes a number of the right length, though nobody has it: tomorrow somebody may', () => {
    expect(phoneKey('+1 555 010 0000', null)).toBe('+15550100000');
  });

  it.each([
    '',
    'call me',
    '123',
    '0151 12345678',
    '+',
    '+0',
    '+1+1',
    'my number is +14155552671',
    '+14155552671; DROP',
  ])('refuses %s where no country is known', text => {
    expect(phoneKey(text, null)).toBeUndefined();
  });

  it('refuses a country that there is not, and not the number', () => {
    expect(phoneKey('+14155552671', 'ZZ')).toBe('+14155552671');
    expect(phoneKey('4155552671', 'ZZ')).toBeUndefined();
  });
});

describe('an address in a text', () => {
  const email = 'jane@example.com';
  it.each([
    'jane@example.com',
    'Write to JANE@Example.com.',
    'mailto:jane@example.com?subject=x',
    '<jane@example.com>',
    '(jane@example.com)',
    '"jane@example.com"',
    "'jane@example.com'",
    'It is **jane@example.com**, or _jane@example.com_',
    'email=jane@example.com&x=1',
    'a@b.co,jane@example.com;c@d.co',
    'jane@example.com’s order',
    'jane%40example.com',
    'jane(at)example.com',
    'jane [at] example.com',
    'ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ',
    '邮箱jane@example.com谢谢',
    'jane@example.com으로 보내 주세요',
    'two: mary.jane@example.com jane@example.com',
    '/contact?a=1&email=jane%40example.com',
    'ann%40jane@example.com',
  ])('is found: %s', text => {
    expect(mentionsIn(text, { email })).toBe(true);
  });

  it.each([
    'mary.jane@example.com',
    'maryjane@example.com',
    "o'jane@example.com",
    'mary+jane@example.com',
    'jane+tag@example.com',
    'jane.@example.com',
    'jane@example.com.au',
    'jane@example.company',
    'jane@mail.example.com',
    'jane@example.com-x.de',
    'éjane@example.com',
    'jane at home, example.com',
    'jane@@example.com',
    'jane@ example.com',
    '',
  ])('is not taken for another: %s', text => {
    expect(mentionsIn(text, { email })).toBe(false);
  });

  it('is found with its domain in Unicode or in ASCII, composed or not', () => {
    const key = emailKey('josé@exämple.de') ?? '';
    for (const text of ['josé@exämple.de', 'JOSÉ@xn--exmple-cua.de!', 'jose\u0301@exa\u0308mple.de']) {
      expect(mentionsIn(`Mine: ${text}.`, { email: key })).toBe(true);
    }
    expect(mentionsIn('jose@example.de', { email: key })).toBe(false);
  });

  it('is found with a tag as with every other sign of its own', () => {
    for (const own of [
      'jane+tag@example.com',
      "o'connor@example.ie",
      '_x_@example.com',
      'a-b@example.com',
      'a/b=c@x.ie',
    ]) {
      expect(mentionsIn(`to ${own}, please`, { email: own })).toBe(true);
    }
    expect(mentionsIn("o'connor@example.ie", { email: 'connor@example.ie' })).toBe(false);
  });

  it.skipIf(!sentinels)('is found wherever a person wrote it', () => {
    for (const written of sentinels.email) {
      const key = emailKey(written) ?? contactsIn(written).emails[0];
      if (written.startsWith('"')) continue;
      expect(key, written).toBeDefined();
      expect(mentionsIn(`Here: ${written} thank you`, { email: key }), written).toBe(true);
    }
  });
});

describe('a number in a text', () => {
  const phone = '+14155552671';
  it.each([
    '+1 415 555 2671',
    '+1 (415) 555-2671',
    '(415) 555-2671',
    '415.555.2671',
    '4155552671',
    '14155552671',
    '1-415-555-2671',
    'tel:+14155552671',
    '0014155552671',
    '011 1 415 555 2671',
    'call 415\u00a0555\u20112671, or write',
    '+1 ４１５ ５５５ ２６７１',
    'order 4242 415 555 2671',
  ])('is found: %s', text => {
    expect(mentionsIn(`My number: ${text}.`, { phone })).toBe(true);
  });

  it.each([
    '+44 415 555 2671',
    '0044 415 555 2671',
    '+4155552671',
    '41555526712',
    '94155552671',
    '415 555 2672',
    '415 555',
    'SKU-4155552-671x',
    '4.1.5.5.5.5.2.6.7',
  ])('is not taken for another: %s', text => {
    expect(mentionsIn(`My number: ${text}.`, { phone })).toBe(text.startsWith('SKU'));
  });

  it('is found as it is dialled in its own country', () => {
    for (const [key, texts] of [
      ['+442079460958', ['020 7946 0958', '+44 (0)20 7946 0958', '+44 20 7946 0958', '(020) 79460958']],
      ['+4915112345678', ['0151 12345678', '0151/123 45 678', '+49-151-12345678', '٠١٥١ ١٢٣٤٥٦٧٨']],
      ['+33612345678', ['06.12.34.56.78', '+33 6 12 34 56 78']],
      ['+5491123456789', ['011 15-2345-6789', '+54 9 11 2345 6789']],
      ['+390669882222', ['06 698 82222', '+39 06 698 82222']],
    ] as const) {
      for (const text of texts) expect(mentionsIn(`Tel. ${text}`, { phone: key }), text).toBe(true);
    }
  });

  it('is no number of any kind where it is short', () => {
    expect(mentionsIn('30-12-34', { phone: '+49301234' })).toBe(false);
    expect(mentionsIn('+49 30 1234', { phone: '+49301234' })).toBe(true);
  });

  it('is nowhere where it is no number', () => {
    for (const key of ['', '+', 'x', '+0', '.*', '+1(']) expect(mentionsIn('+1 415 .* x', { phone: key })).toBe(false);
  });

  it.skipIf(!sentinels)('is found wherever a person wrote it, and not in what is no number', () => {
    for (const written of sentinels.phone) {
      const key = ['US', 'GB', 'DE', 'FR'].map(country => phoneKey(written, country)).find(Boolean);
      expect(key, written).toBeDefined();
      expect(mentionsIn(`Here: ${written}, thank you`, { phone: key }), written).toBe(true);
      for (const survivor of survivors) expect(mentionsIn(survivor, { phone: key })).toBe(false);
    }
  });
});

describe('putting something else in the place of a mention', () => {
  it('changes every one, and nothing beside them', () => {
    const text = 'I am Jane@Example.com or jane@example.com., not mary.jane@example.com';
    expect(replaceMentions(text, { email: 'jane@example.com' }, 'new@example.org')).toEqual({
      text: 'I am new@example.org or new@example.org., not mary.jane@example.com',
      count: 2,
    });
  });

  it('changes an address and a number in one go, in the order of the text', () => {
    const keys = { email: 'jane@example.com', phone: '+14155552671' };
    expect(replaceMentions('(415) 555-2671, jane@example.com (+1 415 555 2671)', keys, '…')).toEqual({
      text: '…, … (…)',
      count: 3,
    });
  });

  it('leaves nothing of a number behind', () => {
    const phone = '+442079460958';
    for (const written of ['+44 (0)20 7946 0958', '0044 20 79460958', '(020) 7946-0958', '＋44 (20) 7946 0958']) {
      expect(replaceMentions(`Call ${written}!`, { phone }, '…').text, written).toBe('Call …!');
    }
  });

  it('takes the replacement as it is, and leaves no mention behind', () => {
    const keys = { email: 'jane@example.com' };
    const { text, count } = replaceMentions('a jane@example.com b jane@example.com', keys, '$& $1 \\0');
    expect({ text, count }).toEqual({ text: 'a $& $1 \\0 b $& $1 \\0', count: 2 });
    expect(mentionsIn(text, keys)).toBe(false);
    expect(replaceMentions('nothing here', keys, 'x')).toEqual({ text: 'nothing here', count: 0 });
  });
});

describe('the contacts in a text', () => {
  it('are all addresses and all international numbers, each once, in normal form', () => {
    const text = `Jane@example.com, jane@EXAMPLE.com; josé@exämple.de. Or +49 30 901820, +49-30-901820,
      0044 151 496 0123 (not 020 7946 0958). 用户@例子.example 邮箱li@example.cn谢谢 jane@mail.exämple.de`;
    expect(contactsIn(text)).toEqual({
      emails: [
        'jane@example.com',
        'josé@xn--exmple-cua.de',
        '用户@xn--fsqu00a.example',
        'li@example.cn',
        'jane@mail.xn--exmple-cua.de',
      ],
      phones: ['+4930901820', '+441514960123'],
    });
  });

  it('end where another number begins', () => {
    expect(contactsIn('+1 415 555 2671 2024').phones).toEqual(['+14155552671']);
  });

  it('are none in what only looks like some', () => {
    expect(survivors.filter(text => contactsIn(text).emails.length + contactsIn(text).phones.length > 0)).toEqual([]);
    expect(contactsIn('@ a@ @b.de +1 + 1.2@ a@b 100 00 00 00')).toEqual({ emails: [], phones: [] });
  });
});

/** A search that is worse than linear would not end within the time of a test. */
describe('a hundred thousand characters of an attacker', () => {
  const keys = { email: 'jane@example.com', phone: '+14155552671' };
  it.each([
    'a@',
    '+1',
    '@.@.',
    'a@a.a',
    '1 ',
    '1',
    'a',
    '(at)',
    '%40',
    '%40a.a',
    '+1(((',
    '00',
    '.',
    "'@'.a",
    '箱a@a.箱',
  ])('made of "%s" holds nobody', brick => {
    const text = brick.repeat(100_000 / brick.length);
    expect(mentionsIn(text, keys)).toBe(false);
    expect(replaceMentions(text, keys, '').count).toBe(0);
    expect(contactsIn(text).phones).toEqual([]);
    expect([emailKey(text), phoneKey(text, 'US')]).toEqual([undefined, undefined]);
  });
});
