import { describe, expect, it } from 'vitest';
import { asksForPerson } from './asks-for-person.ts';

describe('who asks for a person', () => {
  it.each([
    'Can I talk to a real person?',
    'I want to speak with someone.',
    'let me chat with your customer service',
    'Ich möchte mit einem Menschen sprechen.',
    'Kann ich mit jemandem reden?',
    'Kann ich einen Mitarbeiter sprechen?',
    'Kann man bei euch jemanden erreichen?',
    'Bitte rufen Sie mich zurück.',
    'Können Sie mich morgen anrufen?',
    'Can somebody call me back?',
    'Is there a real person?',
    'Can I talk to your support team?',
    'Rappelez-moi demain, s’il vous plaît',
    '¿Pueden llamarme por favor?',
    'Je voudrais parler à quelqu’un',
    'Puis-je parler avec une vraie personne ?',
    'Quiero hablar con una persona',
    '¿Puedo hablar con alguien?',
  ])('is understood: %s', text => {
    expect(asksForPerson(text)).toBe(true);
  });

  it.each([
    'Is this blanket warm enough for a tall person?',
    'Do your parrots talk to wooden toys?',
    'Spricht der Roboter Deutsch?',
    'Mit welchem Garn ist die Decke einer Marke gewebt?',
    'Wie kann ich zu einem Produkt eine Bewertung schreiben?',
    'Könnt ihr einer Freundin einen Gruß auf die Karte schreiben?',
    'Call me a fan, but is it wool?',
    'Will the courier call me when the parcel comes?',
    'Does the courier call me before the parcel comes?',
    'Is the size for an actual person or a doll?',
    'Les jouets peuvent-ils parler français ?',
    '¿Se puede lavar con agua?',
  ])('is not who asks something else: %s', text => {
    expect(asksForPerson(text)).toBe(false);
  });
});
