import { describe, expect, it } from 'vitest';
import { isAboutAnOrder, orderWordsIn } from './order-words.ts';

describe('a question about an order', () => {
  it.each([
    'Where is my order?',
    'where’s my parcel',
    'What is the status of my order #1001?',
    'Has my last order been shipped?',
    'Order status please',
    'Can I get a tracking number?',
    'I ordered two jumpers last week and nothing came',
    'order 10234',
    'Order no. 1001 has not come',
    'Can I track it?',
    'Wo ist meine Bestellung?',
    'WANN KOMMT MEIN PAKET',
    'Wie ist der Lieferstatus?',
    'Ich habe letzte Woche etwas bestellt',
    'Gibt es eine Sendungsverfolgung?',
    'Bestellung Nr. 1001',
    'Où est ma commande ?',
    'Ou est mon colis',
    'Je voudrais suivre mon colis',
    'J’ai commandé un pull il y a une semaine',
    'Commande n° 1001',
    '¿Dónde está mi pedido?',
    'Cual es el estado del envio',
    'He comprado un jersey y no llega',
    'Quiero el seguimiento de mi paquete',
  ])('is known: %s', question => {
    expect(isAboutAnOrder(question)).toBe(true);
  });

  it.each([
    'How do I order?',
    'Can I order by phone?',
    'What is the minimum order?',
    'Do you ship to Iceland?',
    'How long does delivery take?',
    'Is it in order to wash this warm?',
    'Do you have track pants?',
    'I want to order 500 mugs',
    'Wie kann ich bestellen?',
    'Was kostet der Versand?',
    'Wie lange dauert die Lieferung nach Österreich?',
    'Comment commander ?',
    'Livrez-vous en Belgique ?',
    '¿Cómo puedo hacer un pedido?',
    '¿Cuánto cuesta el envío?',
    '',
  ])('is nothing else: %s', question => {
    expect(isAboutAnOrder(question)).toBe(false);
  });

  it('is answered in the visitor’s language, or else in English', () => {
    const spoken = ['de', 'de-AT', 'FR', 'es-MX', 'en-GB', 'fi', ''].map(locale => orderWordsIn(locale).locale);
    expect(spoken).toEqual(['de', 'de', 'fr', 'es', 'en', 'en', 'en']);
  });
});
