import { languageOf } from '../../../lib/language-tag.ts';

/** The states of an order that its customer cares for. */
export type OrderState = 'cancelled' | 'sent' | 'partly' | 'held' | 'preparing';

export type OrderWords = {
  /** Their language. */
  locale: string;
  /** `{name}`, `{date}` and `{state}` are filled in. */
  about: string;
  states: Record<OrderState, string>;
  /** `{parcel}` is filled in. */
  parcel: string;
  none: string;
  account: string;
  signIn: string;
};

const WORDS: Record<string, OrderWords> & { en: OrderWords } = {
  en: {
    locale: 'en',
    about: 'Your order {name} of {date} {state}.',
    states: {
      cancelled: 'was cancelled',
      sent: 'has been sent',
      partly: 'has been sent in part; the rest follows',
      held: 'is on hold',
      preparing: 'is being prepared and has not been sent yet',
    },
    parcel: 'Tracking: {parcel}.',
    none: 'There is no order in your customer account of the last 60 days.',
    account: 'Your account',
    signIn: 'To see what became of your order, sign in to your customer account in this shop, then ask again.',
  },
  de: {
    locale: 'de',
    about: 'Ihre Bestellung {name} vom {date} {state}.',
    states: {
      cancelled: 'wurde storniert',
      sent: 'wurde versandt',
      partly: 'wurde teilweise versandt; der Rest folgt',
      held: 'ist angehalten',
      preparing: 'wird vorbereitet und ist noch nicht versandt',
    },
    parcel: 'Sendungsverfolgung: {parcel}.',
    none: 'In Ihrem Kundenkonto gibt es keine Bestellung der letzten 60 Tage.',
    account: 'Ihr Kundenkonto',
    signIn:
      'Um zu sehen, was aus Ihrer Bestellung geworden ist, melden Sie sich in diesem Shop in Ihrem Kundenkonto an und fragen Sie dann noch einmal.',
  },
  fr: {
    locale: 'fr',
    about: 'Votre commande {name} du {date} {state}.',
    states: {
      cancelled: 'a été annulée',
      sent: 'a été expédiée',
      partly: 'a été expédiée en partie ; le reste suivra',
      held: 'est en attente',
      preparing: 'est en préparation et n’a pas encore été expédiée',
    },
    parcel: 'Suivi : {parcel}.',
    none: 'Votre compte client ne contient aucune commande des 60 derniers jours.',
    account: 'Votre compte',
    signIn:
      'Pour savoir où en est votre commande, connectez-vous à votre compte client dans cette boutique, puis posez la question de nouveau.',
  },
  es: {
    locale: 'es',
    about: 'Su pedido {name} del {date} {state}.',
    states: {
      cancelled: 'fue cancelado',
      sent: 'ha sido enviado',
      partly: 'ha sido enviado en parte; el resto llegará después',
      held: 'está en espera',
      preparing: 'se está preparando y aún no ha sido enviado',
    },
    parcel: 'Seguimiento: {parcel}.',
    none: 'En su cuenta de cliente no hay ningún pedido de los últimos 60 días.',
    account: 'Su cuenta',
    signIn: 'Para saber cómo va su pedido, inicie sesión en su cuenta de cliente en esta tienda y pregunte de nuevo.',
  },
};

/** In the visitor's language, or else in English. */
export const orderWordsIn = (locale: string): OrderWords => WORDS[languageOf(locale)] ?? WORDS.en;

/** Somebody's own order or parcel, or where it is; not how, or whether, one can order at all. */
const ABOUT_AN_ORDER = [
  /\b(?:my|our) (?:\w+ )?(?:orders?|parcels?|packages?|delivery|deliveries|shipments?|purchases?)\b/,
  /\b(?:order|delivery|shipping|shipment|parcel|package) status\b|\bstatus of (?:an?|the|my|our) (?:order|delivery|parcel)\b/,
  /\btracking\b|\btrack (?:(?:my|our|an?|the|this) (?:\w+ )?(?:order|parcel|package|delivery|shipment)|it)\b/,
  /\border (?:number |no\.? ?)#?\d{3,}|\border #\d|^\W*order \d{3,}\W*$/,
  /\b(?:i|we) (?:have )?(?:ordered|bought)\b/,
  /\b(?:mein|meine|meiner|meinem|meinen|unsere?r?) (?:letzten? |neuen? )?(?:bestellung|bestellungen|paket|pakete|lieferung|sendung|ware)\b/,
  /\b(?:bestell|liefer|versand|sendungs|paket)status\b|\bsendungs(?:verfolgung|nummer)\b/,
  /\bbestellung (?:nr\.? ?|nummer )?#?\d{3,}/,
  /\b(?:ich habe|wir haben|habe ich|haben wir)\b.*\b(?:bestellt|gekauft)\b/,
  /\b(?:ma|mes|notre|nos) (?:derniere |dernieres )?(?:commandes?|colis|livraisons?|achats?)\b/,
  /\bmon (?:colis|achat)\b|\bsuivi\b|\bsuivre\b.*\b(?:colis|commande)\b/,
  /\bcommande (?:n[o°]? ?|numero )?#?\d{3,}|\b(?:j'ai|nous avons) (?:commande|achete)\b/,
  /\b(?:mis?|nuestros?) (?:ultimos? )?(?:pedidos?|paquetes?|envios?|compras?|entregas?)\b/,
  /\bestado (?:del|de mi|de un) (?:pedido|envio)\b|\b(?:seguimiento|rastrear)\b/,
  /\bpedido (?:n[o°]? ?|numero )?#?\d{3,}|\b(?:he|hemos) (?:pedido|comprado)\b/,
];

/** Whether the question is about an order that somebody has placed, in any of the four languages. */
export function isAboutAnOrder(question: string): boolean {
  // Accents and curly apostrophes are typed or not.
  const plain = question.normalize('NFKD').replace(/\p{M}/gu, '').replace(/’/g, "'").toLowerCase();
  return ABOUT_AN_ORDER.some(pattern => pattern.test(plain));
}
