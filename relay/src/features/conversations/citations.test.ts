import { describe, expect, it } from 'vitest';
import type { Passage } from '../../providers/llm/llm.ts';
import { citationsOf } from './citations.ts';

const passage = (index: number, text = `text ${index}`): Passage => ({
  index,
  title: `Page ${index}`,
  url: `https://shop.example/${index}`,
  text,
});

/** What a page says, and a sentence of an answer that says it in other words. */
const paraphrases: [string, string][] = [
  [
    'Parcels to Iceland take nine days and cost 14 euro.',
    'Sending it to Iceland costs €14, and you wait about nine days.',
  ],
  [
    'Send back what you do not like within 30 days, free of charge.',
    'You have thirty days (30) to return anything, at no cost.',
  ],
  ['The wool of our jumpers comes from Shetland sheep.', 'It is made with wool from sheep on Shetland.'],
  [
    'Wash it by hand at 30 °C. Do not tumble dry.',
    'Hand wash only, at no more than 30 degrees, and keep it out of the dryer.',
  ],
  [
    'We accept Visa, Mastercard, PayPal and bank transfer.',
    'You can pay by credit card, by PayPal or with a transfer from your bank.',
  ],
  ['Orders placed before noon leave the same day.', 'If you order before noon, we ship it that same day.'],
  ['Gift cards are valid for five years.', 'A gift card can be used for five years.'],
  ['The blanket measures 130 by 180 centimetres.', 'It is 130 × 180 cm in size.'],
  [
    'Our studio in Galway can be visited by appointment.',
    'You may visit us in Galway if you make an appointment first.',
  ],
  [
    'Every mug is thrown by hand, so no two are alike.',
    'Each mug is hand-made, which is why they all differ a little.',
  ],
  ['Repairs are free in the first two years.', 'In the first two years we repair it for free.'],
  ['We do not ship to Russia or Belarus.', 'Unfortunately we cannot deliver to Belarus.'],
  [
    'Der Versand nach Österreich kostet 6,90 € und dauert drei Werktage.',
    'Nach Österreich zahlen Sie 6,90 € Versand, bei drei Werktagen Lieferzeit.',
  ],
  ['Rücksendungen sind innerhalb von 14 Tagen möglich.', 'Sie können die Ware 14 Tage lang zurücksenden.'],
  ['Die Mütze ist aus reiner Merinowolle gestrickt.', 'Sie besteht ganz aus Merinowolle.'],
  ['Unser Laden in Köln hat montags geschlossen.', 'Montags ist das Geschäft in Köln zu.'],
  [
    'Gutscheine gelten drei Jahre ab dem Ende des Kaufjahres.',
    'Ein Gutschein ist drei volle Jahre gültig, gerechnet ab Jahresende.',
  ],
  ['Les colis vers la Suisse sont livrés en quatre jours ouvrés.', 'Votre colis arrive en Suisse sous quatre jours.'],
  ['Le pull se lave à la main, à l’eau froide.', 'Lavez ce pull à la main dans de l’eau froide.'],
  ['Les retours sont gratuits pendant trente jours.', 'Vous pouvez retourner l’article gratuitement pendant un mois.'],
  ['El envío a Canarias tarda siete días.', 'A las Canarias llega en unos siete días.'],
  ['Aceptamos devoluciones durante 30 días.', 'Puede devolver el producto en un plazo de 30 días.'],
  ['La manta está hecha de lana reciclada.', 'Es una manta de lana reciclada.'],
  ['送料は全国一律500円です。', '日本国内の送料は500円です。'],
  // In another language than the page.
  ['Parcels to Iceland take nine days and reach you by post.', 'Ihre Lieferung ist etwa anderthalb Wochen unterwegs.'],
  ['Der Pullover kratzt ein wenig auf der Haut.', 'Some people find that it feels slightly itchy.'],
];

const cites = async (page: string, sentence: string) => {
  const citations = await citationsOf(`${sentence} [1]`, [{ ...passage(1, page), title: '' }]);
  return citations.length > 0;
};

describe('the citations', () => {
  const passages = [passage(1), passage(2), passage(2), passage(3)];
  const indexes = async (text: string, told: number[] = []) =>
    (await citationsOf(text, passages, told)).map(({ index }) => index);

  it('are the documents that the answer names, once each', async () => {
    expect(await indexes('Warm [2], soft [1][2].')).toEqual([1, 2]);
    expect(await indexes('Made up [9], [0], [-1], [1e1], [ 3 ].')).toEqual([]);
  });

  it('are those whose facts it tells as well', async () => {
    expect(await indexes('Warm [3].', [2])).toEqual([2, 3]);
    expect(await indexes('Warm.', [2])).toEqual([2]);
  });

  it('are none where the answer names none', async () => {
    expect(await indexes('Warm.')).toEqual([]);
    expect(await citationsOf('Warm [1].', [])).toEqual([]);
  });

  it.each(paraphrases)('stay where a sentence says in other words: %s', async (page, sentence) => {
    expect(await cites(page, sentence)).toBe(true);
  });

  it('go where the sentence shares nothing with the page that it names', async () => {
    const pairs = paraphrases
      .slice(0, 12)
      .flatMap(([page], at) =>
        paraphrases.slice(0, 12).flatMap(([, sentence], other) => (at === other ? [] : [[page, sentence] as const])),
      );
    const kept = await Promise.all(pairs.map(([page, sentence]) => cites(page, sentence)));
    expect(kept.filter(Boolean).length / pairs.length).toBeLessThan(0.25);
    expect(await cites('The wool comes from Shetland sheep.', 'Canberra is the capital city of Australia')).toBe(false);
  });

  it('speak for their own paragraph, and in a row for the same sentence', async () => {
    const pages = [passage(1, 'Parcels to Iceland take nine days.'), passage(2, 'Iceland parcels leave daily.')];
    const all = async (text: string) => (await citationsOf(text, pages)).map(({ index }) => index);
    expect(await all('Parcels to Iceland take long [1][2].')).toEqual([1, 2]);
    expect(await all('Parcels to Iceland.\n\nCanberra is a capital city [1].')).toEqual([]);
    expect(await all('[1] says so.')).toEqual([1]);
  });
});
