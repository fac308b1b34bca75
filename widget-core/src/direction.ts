const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|ks|ps|sd|ug|ur|yi)(-|$)|-(Arab|Hebr)(-|$)/i;

/** The writing direction of a locale. Firefox cannot tell it from `Intl.Locale`, hence the list. */
export const directionOf = (locale: string): 'rtl' | 'ltr' => (RIGHT_TO_LEFT.test(locale) ? 'rtl' : 'ltr');
