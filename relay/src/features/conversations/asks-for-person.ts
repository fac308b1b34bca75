const asking = new RegExp(
  [
    /(?:speak|talk|chat) (?:to|with) (?:an? |the |your |some |one of your )?(?:real |actual |live |human )?(?:person|human|someone|somebody|agent|representative|operator|people|employees?|staff|support|team|customer (?:service|support|care))/,
    /(?:real|actual|live|human) (?:person|human|agent|being|operator)s?(?= please|[.!?]*$)/,
    /(?:call|phone|ring) me(?= back| please| today| tomorrow|[.!?]*$)/,
    /mit (?:(?:einem|einer|eurem|ihrem|eurer|ihrer) (?:echten |richtigen )?(?:mensch|person|mitarbeiter|kolleg|berater|verkäufer)\p{L}*|jemand(?:em)?|(?:dem )?(?:kundendienst|kundenservice|support))\b.{0,40}(?:sprechen|reden|telefonieren|schreiben|chatten)/u,
    /(?:jemand(?:en|em)?|(?:einen|eine) (?:mitarbeiter(?:in)?|berater(?:in)?|menschen)|(?:den|ihren) (?:kundendienst|kundenservice))\b.{0,40}(?:sprechen|erreichen)/,
    /(?:spreche|rede) .{0,20}mit (?:einem|einer|jemand(?:em)?)/,
    /(?:rufen sie|ruft|ruf) mich (?:\p{L}+ )?(?:an|zurück)|mich (?:\p{L}+ )?(?:zurückrufen|anrufen)|um (?:einen )?rückruf/u,
    /parler (?:à|avec) (?:une? |votre |le )?(?:vraie? )?(?:personne|quelqu.un|humain|conseill[eè]re?|agent|être humain|service client)/,
    /(?:appelez|rappelez)[- ]moi|me (?:rappeler|téléphoner)/,
    /(?:hablar|chatear) con (?:una? |el |su )?(?:persona|alguien|humano|agente|asesora?|empleado|operadora?|atención al cliente)/,
    /llámenme|llámeme|(?:me llamen|me llame|llamarme)(?= por teléfono| por favor|[.!?]*$)/,
  ]
    .map(({ source }) => `(?<!\\p{L})(?:${source})(?!\\p{L})`)
    .join('|'),
  'iu',
);

/** Whether a visitor wants to speak to somebody instead, or to be called, in the languages of our own texts. */
export const asksForPerson = (text: string): boolean => asking.test(text);
