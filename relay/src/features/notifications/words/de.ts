import type { Words } from './en.ts';

const count = (many: number, one: string, more: string) => `${many} ${many === 1 ? one : more}`;

export const de: Words = {
  sentBy: site => `Gesendet von Confab für ${site}.`,
  unsubscribe: 'Diese E-Mails abbestellen',
  transcript: {
    subject: site => `Ihr Chat mit ${site}`,
    title: site => `Ihr Chat mit ${site}`,
    intro: (site, date) => `Das ist Ihr Chat vom ${date} mit dem Assistenten von ${site}, einer KI.`,
    you: 'Sie',
    assistant: 'Assistent',
    team: 'Team',
    sources: 'Quellen',
    link: '[Link]',
    cut: 'Frühere Nachrichten sind ausgelassen.',
    footer: site =>
      `Jemand hat auf der Website von ${site} darum gebeten und diese Adresse eingegeben. Wenn Sie das nicht waren, ist nichts zu tun: Von selbst wird nichts mehr gesendet.`,
  },
  lead: {
    subject: site => `Neue Kontaktdaten: ${site}`,
    title: 'Jemand hat Kontaktdaten hinterlassen',
    intro: site => `Ein Besucher von ${site} möchte von Ihnen hören.`,
  },
  callback: {
    subject: site => `Bitte zurückrufen: ${site}`,
    title: 'Jemand bittet um einen Rückruf',
    intro: site => `Ein Besucher von ${site} möchte angerufen werden.`,
  },
  fields: {
    name: 'Name',
    email: 'E-Mail',
    phone: 'Telefon',
    callbackAt: 'Gewünschte Zeit',
    callbackThere: 'In der Zeitzone des Besuchers',
    message: 'Nachricht',
    page: 'Seite',
    marketing: 'Werbung per E-Mail zugestimmt',
    yes: 'Ja',
    at: 'Hinterlassen am',
  },
  withoutLinks:
    'Webadressen, die der Besucher geschrieben hat, sind hier ausgelassen. Der ganze Text steht in der Verwaltung Ihrer Website.',
  digest: {
    subject: (site, date) => `${site}: was Besucher bis ${date} hinterlassen haben`,
    title: 'Was Besucher hinterlassen haben',
    intro: (from, until) => `Von ${from} bis ${until}.`,
    leads: many => count(many, 'Besucher hat Kontaktdaten hinterlassen', 'Besucher haben Kontaktdaten hinterlassen'),
    callbacks: many => count(many, 'Besucher bittet um einen Rückruf', 'Besucher bitten um einen Rückruf'),
    unanswered: many => count(many, 'Frage blieb ohne Antwort', 'Fragen blieben ohne Antwort'),
    unansweredTitle: 'Fragen ohne Antwort',
    more: many => `… und ${many} weitere, in der Verwaltung Ihrer Website.`,
    restricted: 'Nicht gezeigt: Der Besucher hat die Verwendung eingeschränkt.',
  },
  verification: {
    subject: site => `Bestätigen Sie diese Adresse für ${site}`,
    title: 'Bestätigen Sie diese Adresse',
    lines: site => [
      `${site} möchte seine Benachrichtigungen hierher senden: Kontaktdaten, die Besucher hinterlassen, Rückrufwünsche und was sonst Aufmerksamkeit braucht.`,
      'Bevor Sie bestätigen, wird nichts gesendet. Der Link gilt 7 Tage.',
      'Wenn Sie das nicht erwartet haben, ist nichts zu tun.',
    ],
    link: 'Adresse bestätigen',
  },
  security: {
    subject: site => `Benachrichtigungen von ${site} kommen nicht mehr hierher`,
    title: 'Benachrichtigungen kommen nicht mehr hierher',
    lines: site => [
      `Diese Adresse wurde aus den Einstellungen von ${site} entfernt. Die Benachrichtigungen kommen nicht mehr hierher.`,
      'Wenn Sie das nicht erwartet haben, prüfen Sie, wer Zugang zu den Einstellungen der Website hat.',
    ],
  },
  late: {
    subject: site => `${site}: etwas kommt nicht an`,
    title: 'Etwas kommt nicht an',
    lines: site => [
      `Was ${site} verlassen soll, wartet seit mehr als einem Tag oder wurde abgelehnt. Nichts ist verloren: Es wird drei Tage lang versucht und danach aufbewahrt.`,
      'Prüfen Sie die Verbindungen in den Einstellungen der Website. Was gescheitert ist, lässt sich dort noch einmal senden.',
    ],
    webhook: 'Ein Webhook',
    waiting: many => `${many} nicht zugestellt`,
  },
  spend: {
    subject: (site, percent) => `${site}: ${percent} % der Kostengrenze`,
    title: percent => `${percent} % der Grenze sind verbraucht`,
    day: 'So viel der Grenze, die Sie für einen Tag gesetzt haben, ist verbraucht.',
    month: 'So viel der Grenze, die Sie für einen Monat gesetzt haben, ist verbraucht.',
    next: 'Ist alles verbraucht, bekommen Besucher Zitate aus Ihren Seiten als Antwort, bis die Zeit um ist.',
    reached:
      'Besucher bekommen jetzt Zitate aus Ihren Seiten als Antwort, bis die Zeit um ist oder Sie die Grenze ändern.',
  },
  page: {
    confirmTitle: 'Diese Adresse bestätigen',
    confirmText: site => `Benachrichtigungen von ${site} kommen dann an diese Adresse.`,
    confirmButton: 'Bestätigen',
    confirmed: 'Bestätigt',
    confirmedText: site =>
      `Benachrichtigungen von ${site} kommen jetzt an Ihre Adresse. In jeder steht ein Link, der sie beendet.`,
    stopTitle: 'Diese E-Mails abbestellen',
    stopText: {
      leads: site =>
        `Sie bekommen dann keine E-Mail mehr für jeden Besucher von ${site}, der Kontaktdaten hinterlässt.`,
      digest: site => `Sie bekommen dann die tägliche E-Mail von ${site} nicht mehr.`,
      alerts: site => `Sie erfahren dann nicht mehr, wenn bei ${site} etwas Aufmerksamkeit braucht.`,
    },
    stopButton: 'Abbestellen',
    stopped: 'Abbestellt',
    stoppedText:
      'Um sie wieder zu bekommen, entfernen Sie Ihre Adresse aus den Einstellungen der Website, speichern und fügen sie wieder hinzu.',
    invalid: 'Dieser Link funktioniert nicht (mehr)',
    invalidText:
      'Er ist unvollständig, zu alt oder gehört zu einer Adresse, an die die Website nicht mehr schreibt. Es wurde nichts geändert.',
  },
};
