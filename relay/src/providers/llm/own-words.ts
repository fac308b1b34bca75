import { languageOf } from '../../lib/language-tag.ts';

/** What the relay itself says where no model writes. `topics` has a place for the list of what may be meant. */
export type OwnWords = { quotes: string; nothing: string; purpose: string; topics: string };

const english: OwnWords = {
  quotes: 'Here is what this shop’s pages say:',
  nothing:
    'I found nothing about that on this shop’s pages. Please contact the shop directly: someone there will know.',
  purpose:
    'I look things up on this shop’s pages and quote what they say. Ask me about products, delivery or returns, for example.',
  topics:
    'I am not sure that I understand. This is what I have on it:\n\n{topics}\n\nWhat exactly would you like to know?',
};

const languages: Readonly<Record<string, OwnWords>> = {
  en: english,
  de: {
    quotes: 'Das steht auf den Seiten dieses Shops:',
    nothing:
      'Dazu habe ich auf den Seiten dieses Shops nichts gefunden. Bitte wenden Sie sich direkt an den Shop: Dort weiß man es.',
    purpose:
      'Ich schlage auf den Seiten dieses Shops nach und zitiere, was dort steht. Fragen Sie mich zum Beispiel nach Produkten, Lieferung oder Rückgabe.',
    topics:
      'Ich bin nicht sicher, ob ich Sie verstehe. Dazu habe ich Folgendes:\n\n{topics}\n\nWas genau möchten Sie wissen?',
  },
  fr: {
    quotes: 'Voici ce que disent les pages de cette boutique :',
    nothing:
      'Je n’ai rien trouvé à ce sujet sur les pages de cette boutique. Veuillez vous adresser directement à la boutique : quelqu’un saura vous répondre.',
    purpose:
      'Je cherche dans les pages de cette boutique et je cite ce qu’elles disent. Interrogez-moi par exemple sur les produits, la livraison ou les retours.',
    topics:
      'Je ne suis pas sûr de comprendre. Voici ce que j’ai à ce sujet :\n\n{topics}\n\nQue souhaitez-vous savoir exactement ?',
  },
  es: {
    quotes: 'Esto dicen las páginas de esta tienda:',
    nothing:
      'No he encontrado nada sobre eso en las páginas de esta tienda. Diríjase directamente a la tienda: allí lo sabrán.',
    purpose:
      'Busco en las páginas de esta tienda y cito lo que dicen. Pregúnteme, por ejemplo, por productos, envíos o devoluciones.',
    topics: 'No estoy seguro de entenderle. Esto es lo que tengo:\n\n{topics}\n\n¿Qué le gustaría saber exactamente?',
  },
};

/** The words in this language, or in English. */
export const ownWords = (locale: string): OwnWords => languages[languageOf(locale)] ?? english;

/** Whether there are words in this language. */
export const hasOwnWords = (locale: string): boolean => languages[languageOf(locale)] !== undefined;

const greetings =
  `hi|hey|hello|hallo|hej|hola|ol[áa]|ciao|salut|bonjour|bonsoir|moin|servus|gr(?:ü|ue)(?:ß|ss) gott|there|good
  (?:morning|afternoon|evening|day)|guten (?:tag|morgen|abend)|buen(?:os|as) (?:d[ií]as|tardes|noches)|(?:thank you|thanks?|thx)(?: (?:so
  much|very much|a lot))?|danke(?: (?:sch[öo]n|sehr))?|vielen dank|merci(?: beaucoup)?|(?:muchas )?gracias|grazie|for (?:your|the) help|no,? thank(?:s| you)|nein,? danke|non,? merci|no,? gracias|that helps|das hilft(?: mir)?|got it|alles klar|cool|nice|ok(?:ay)?|great|super|perfect|parfait|perfecto|prima|top|bye|goodbye|tsch[üu]ss|au
  revoir|adi[óo]s|help|hilfe|aide|ayuda|test|how are you(?: doing)?|wie geht(?:’|'| e)?s(?: (?:dir|ihnen))?|[çc]a va|qu[ée] tal|who are you|wer (?:bist
  du|sind sie)|qui (?:es-tu|êtes-vous)|qui[ée]n eres|what can you do|was kannst du|what are you|are you (?:a )?(?:human|bot|robot|real person|person|ai|an ai)`.replace(
    /\s*\n\s*/g,
    ' ',
  );
const smallTalk = new RegExp(String.raw`^[^\p{L}\p{N}]*(?:(?:${greetings})(?![\p{L}\p{N}])[^\p{L}\p{N}]*)+$`, 'iu');

/** Whether it asks nothing of the shop: a greeting, thanks, a word about the assistant, or no word at all. */
export function isSmallTalk(question: string): boolean {
  const text = question.trim();
  if (text.length > 80) return (text.match(/[\p{L}\p{N}]/gu) ?? []).length === 0;
  const letters = text.match(/[\p{L}\p{N}]/gu) ?? [];
  // One sign is a word where signs are words.
  if (letters.length < 2) return !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text);
  return smallTalk.test(text);
}
