import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createPasswords, isEasy } from './passwords.ts';

const owner = { email: 'jonathan.marlowe@harbour.example', name: 'Jonathan Marlowe' };
const nobody: typeof fetch = async () => {
  throw new Error('nobody is to be asked');
};

describe('a password', () => {
  it.each([
    ['one of the lists', 'qwertyuiop'],
    ['in capitals', 'PASSWORD123'],
    ['with signs for letters', 'P@ssw0rd2024'],
    ['with what everybody adds', 'Welcome2026!!'],
    ['of one sign', 'aaaaaaaaaaaaaa'],
    ['of two', 'abababababab'],
    ['a row of digits', '9876543210'],
    ['a row of letters', 'klmnopqrstuvw'],
    ['the owner’s name', 'JonathanMarlowe'],
    ['the owner’s address', 'jonathan.marlowe@harbour.example'],
    ['the owner’s name and a year', 'Marlowe-1987!'],
    ['the host of the address, and digits', 'harbour12345'],
  ])('is refused: %s', (_, password) => {
    expect(isEasy(password, owner)).toBe(true);
  });

  it.each([
    'seventeen-Blue-harbours',
    'my greatest harvest moon',
    'Jonathan likes purple walruses',
    'tR8$kq-91xZ_m',
    'пароль из четырёх слов',
    'contrary winds 1234',
  ])('is taken: %s', password => {
    expect(isEasy(password, owner)).toBe(false);
  });

  it('is kept by argon2id as OWASP has it, and is the same however its letters are composed', async () => {
    const passwords = createPasswords({ pwnedUrl: undefined, fetch: nobody });
    const hash = await passwords.hash('Käsekuchen am Abend');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.verify({ hash, password: 'Käsekuchen am Abend'.normalize('NFD') })).toBe(true);
    expect(await passwords.verify({ hash, password: 'Kasekuchen am Abend' })).toBe(false);
  });

  describe('that may have been stolen elsewhere', () => {
    const stolen = 'contrary winds of june';
    const hash = createHash('sha1').update(stolen).digest('hex').toUpperCase();
    const asked: string[] = [];
    const answering =
      (body: string, status = 200): typeof fetch =>
      async input => {
        asked.push(String(input));
        return new Response(body, { status });
      };
    const checked = (fetch: typeof globalThis.fetch, password = stolen) =>
      createPasswords({ pwnedUrl: 'https://pwned.example/', fetch }).check(password, owner);

    it('is refused, and no more of it is told than five digits of its hash', async () => {
      const list = `0000000000000000000000000000000000A:3\r\n${hash.slice(5)}:27\r\n`;
      await expect(checked(answering(list))).rejects.toMatchObject({ code: 'password_refused' });
      expect(asked).toEqual([`https://pwned.example/range/${hash.slice(0, 5)}`]);
    });

    it.each([
      ['the list has another', answering('0000000000000000000000000000000000A:3')],
      ['the list has it as padding', answering(`${hash.slice(5)}:0`)],
      ['there is a fault', answering('', 503)],
      ['nobody is there', (async () => Promise.reject(new TypeError('fetch failed'))) as typeof fetch],
    ])('is taken where %s', async (_, fetch) => {
      await expect(checked(fetch)).resolves.toBeUndefined();
    });

    it('is looked up nowhere, where that is off or it is refused by itself', async () => {
      await expect(
        createPasswords({ pwnedUrl: undefined, fetch: nobody }).check(stolen, owner),
      ).resolves.toBeUndefined();
      await expect(checked(nobody, 'password123')).rejects.toMatchObject({ code: 'password_refused' });
    });
  });
});
