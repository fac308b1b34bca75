import { describe, expect, it } from 'vitest';
import { detectLanguage } from './detect-language.ts';

const questions: Record<string, string[]> = {
  en: ['Do you ship to Norway?', 'how much is the jumper', 'Can I wash it in the machine?', 'Where is my parcel'],
  de: ['Was kostet der Versand?', 'Kann ich das zurückgeben?', 'wo ist mein Paket', 'ist der Pullover kratzig'],
  fr: ['Quels sont les frais de port ?', 'Combien coûte le pull', 'où est mon colis', 'Puis-je le laver en machine ?'],
  es: ['¿Cuánto cuesta el envío?', '¿Hacen envíos a México?', 'dónde está mi pedido', '¿se puede lavar a máquina?'],
  it: ['Quanto costa la spedizione?', 'dove si trova il mio pacco'],
  nl: ['Kan ik dit terugsturen?', 'Wat kost de verzending?'],
  pl: ['Ile kosztuje wysyłka do Niemiec?'],
  ja: ['送料はいくらですか'],
  zh: ['运费是多少'],
  ko: ['배송비는 얼마인가요'],
  el: ['Πόσο κοστίζει η αποστολή;'],
  ru: ['Сколько стоит доставка?'],
  ar: ['كم تكلفة الشحن إلى مصر؟'],
};

describe('the language of a question', () => {
  it.each(Object.entries(questions).flatMap(([language, all]) => all.map(text => [language, text])))(
    'is %s: %s',
    async (language, text) => {
      for (const expected of ['en', 'de-AT', 'fr'].filter(tag => !tag.startsWith(language))) {
        expect(await detectLanguage(text, expected)).toBe(language);
      }
      expect(await detectLanguage(text, `${language}-XX`)).toBe(`${language}-XX`);
    },
  );

  it.each(['', '?', 'a', 'gift card', 'hello', 'Kittiwake', '🧶🧶🧶', '€49.00 [1] +353', 'OK', 'XL / Blue 42', '…'])(
    'is the expected one where it does not show: %s',
    async text => {
      for (const expected of ['en', 'de-AT', 'es', 'ja']) expect(await detectLanguage(text, expected)).toBe(expected);
    },
  );

  it.each([
    ['wool blanket', 'en'],
    ['merino beanie colours', 'en'],
    ['carte cadeau', 'fr'],
    ['envío gratis', 'es'],
    ['manta de lana', 'es'],
  ])('is the expected one where another is hardly likelier: %s', async (text, expected) => {
    expect(await detectLanguage(text, expected)).toBe(expected);
  });

  it('is that of most of the text where scripts are mixed', async () => {
    expect(await detectLanguage('送料はいくらですか (Kittiwake jumper)', 'en')).toBe('ja');
    expect(await detectLanguage('Was kostet der Versand nach 日本?', 'en')).toBe('de');
  });

  it('is told of a text of any length', async () => {
    expect(await detectLanguage('Was kostet der Versand nach Österreich? '.repeat(100), 'en')).toBe('de');
    expect(await detectLanguage('ß'.repeat(4_000), 'fr')).toMatch(/^[a-z]{2}$/);
  });
});
