import type { AccountWords } from './en.ts';

const notYou = 'Waren Sie das nicht, setzen Sie jetzt ein neues Passwort und sehen Sie Ihre Sitzungen durch.';
const security = 'Konto öffnen';
const billing = 'Tarif und Zahlung öffnen';
const servedOn =
  'Ihre Besucher werden weiter bedient: Unterhaltungen, die danach beginnen, werden mit Zitaten aus Ihren Seiten beantwortet, ohne Sprachmodell. Nichts geht verloren, und laufende Unterhaltungen sind nicht betroffen.';
const freePlan =
  'Das Konto läuft dann mit dem kostenlosen Tarif weiter. Nichts wird gelöscht: Websites, Unterhaltungen, Kontakte und Einstellungen bleiben, und mehr, als der kostenlose Tarif enthält, lässt sich nicht hinzufügen.';

export const de: AccountWords = {
  lang: 'de',
  when: 'Wann',
  address: 'IP-Adresse',
  browser: 'Browser',
  verify: {
    subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
    lines: [
      'Jemand hat sich mit dieser Adresse bei Confab angemeldet. Waren Sie das, bestätigen Sie sie: Der Link gilt 24 Stunden.',
      'Waren Sie es nicht, tun Sie nichts. Dann wird nichts gespeichert.',
    ],
    label: 'Diese Adresse bestätigen',
  },
  exists: {
    subject: 'Sie haben bereits ein Konto',
    lines: [
      'Jemand, vielleicht Sie, hat sich mit dieser Adresse bei Confab angemeldet oder wollte zu ihr wechseln. Sie hat bereits ein Konto, und nichts hat sich geändert.',
      'Melden Sie sich an wie gewohnt. Wissen Sie das Passwort nicht mehr, fordern Sie dort ein neues an.',
    ],
    label: 'Anmelden',
  },
  reset: {
    subject: 'Setzen Sie ein neues Passwort',
    lines: [
      'Jemand hat für das Konto dieser Adresse ein neues Passwort angefordert. Der Link gilt einmal, eine Stunde lang, und meldet Sie überall ab.',
      'Waren Sie es nicht, tun Sie nichts: Ihr Passwort bleibt.',
    ],
    label: 'Neues Passwort setzen',
  },
  confirm_email: {
    subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
    lines: [
      'Sie möchten sich künftig mit dieser Adresse anmelden. Bestätigen Sie sie in dem Browser, in dem Sie angemeldet sind: Der Link gilt 24 Stunden.',
      'Waren Sie es nicht, tun Sie nichts.',
    ],
    label: 'Diese Adresse bestätigen',
  },
  email_change_asked: {
    subject: 'Ihre E-Mail-Adresse soll sich ändern',
    lines: ['Jemand, der als Sie angemeldet ist, möchte die E-Mail-Adresse Ihres Kontos ändern.', notYou],
    label: security,
  },
  email_changed: {
    subject: 'Ihre E-Mail-Adresse hat sich geändert',
    lines: [
      'Sie melden sich ab jetzt mit einer anderen E-Mail-Adresse an. Diese gehört zu keinem Konto mehr.',
      'Waren Sie das nicht, schreiben Sie an den Betreiber dieses Relays.',
    ],
  },
  password_changed: {
    subject: 'Ihr Passwort hat sich geändert',
    lines: ['Das Passwort Ihres Kontos hat sich geändert. Alle anderen Sitzungen sind beendet.', notYou],
    label: security,
  },
  two_factor_on: {
    subject: 'Codes sind eingeschaltet',
    lines: ['Nach Ihrem Passwort wird ab jetzt ein Code Ihrer App verlangt.', notYou],
    label: security,
  },
  two_factor_off: {
    subject: 'Codes sind ausgeschaltet',
    lines: ['Nach Ihrem Passwort wird kein Code mehr verlangt.', notYou],
    label: security,
  },
  recovery_code_used: {
    subject: 'Ein Wiederherstellungscode wurde benutzt',
    lines: [
      'Jemand hat sich mit einem Ihrer Wiederherstellungscodes als Sie angemeldet. Er gilt nicht noch einmal.',
      notYou,
    ],
    label: security,
  },
  recovery_codes_new: {
    subject: 'Sie haben neue Wiederherstellungscodes',
    lines: ['Für Ihr Konto wurden neue Wiederherstellungscodes erzeugt. Die alten gelten nicht mehr.', notYou],
    label: security,
  },
  passkey_added: {
    subject: 'Ein Passkey ist dazugekommen',
    lines: ['Zu Ihrem Konto ist ein Passkey dazugekommen. Wer ihn hat, kann sich als Sie anmelden.', notYou],
    label: security,
  },
  passkey_removed: {
    subject: 'Ein Passkey wurde entfernt',
    lines: ['Ein Passkey Ihres Kontos wurde entfernt.', notYou],
    label: security,
  },
  new_device: {
    subject: 'Anmeldung auf einem neuen Gerät',
    lines: ['Ihr Konto wurde in einem Browser benutzt, den wir noch nicht kennen.', notYou],
    label: security,
  },
  invitation: (accountName, inviter) => ({
    subject: accountName ? `Sie sind zu ${accountName} eingeladen` : 'Sie sind zu Confab eingeladen',
    lines: [
      accountName
        ? `${inviter ?? 'Jemand'} lädt Sie in das Team von ${accountName} bei Confab ein.`
        : 'Sie dürfen bei diesem Relay ein Konto eröffnen.',
      'Der Link ist nur für diese Adresse und gilt 7 Tage. Haben Sie ihn nicht erwartet, tun Sie nichts.',
    ],
    label: 'Einladung ansehen',
  }),
  deletion_planned: (accountName, day) => ({
    subject: `Das Konto ${accountName} wird gelöscht`,
    lines: [
      `Ein Inhaber möchte das Konto ${accountName} mit allen Websites und Daten löschen. Das geschieht am ${day}.`,
      'Bis dahin kann jeder Inhaber es aufhalten und die Daten mitnehmen.',
    ],
    label: security,
  }),
  deletion_stopped: accountName => ({
    subject: `Das Konto ${accountName} bleibt`,
    lines: [`Das Konto ${accountName} wird nicht gelöscht.`],
    label: security,
  }),
  account_deleted: accountName => ({
    subject: `Das Konto ${accountName} ist gelöscht`,
    lines: [`Das Konto ${accountName} wurde mit allen Websites und Daten gelöscht.`],
  }),
  export_ready: accountName => ({
    subject: 'Ihr Archiv liegt bereit',
    lines: [
      `Das Archiv mit allem von ${accountName} lässt sich einen Tag lang abholen. Sie müssen dazu angemeldet sein.`,
    ],
    label: 'Archiv abholen',
  }),
  limit_near: (accountName, used, most, day) => ({
    subject: `${accountName} hat ${used} von ${most} Unterhaltungen verbraucht`,
    lines: [
      `${accountName} hat ${used} der ${most} Unterhaltungen verbraucht, die der Tarif jeden Monat enthält. Sind alle verbraucht, hält nichts an.`,
      servedOn,
      `Am ${day} (UTC) beginnt die Zählung neu. Erwarten Sie bis dahin mehr Besucher, wählen Sie einen größeren Tarif.`,
    ],
    label: billing,
  }),
  limit_reached: (accountName, used, most, day) => ({
    subject: `${accountName} hat alle Unterhaltungen dieses Monats verbraucht`,
    lines: [
      `${accountName} hat ${used} der ${most} Unterhaltungen verbraucht, die der Tarif jeden Monat enthält.`,
      servedOn,
      `Am ${day} (UTC) beginnt die Zählung neu. Möchten Sie nicht warten, wählen Sie einen größeren Tarif.`,
    ],
    label: billing,
  }),
  payment_failed: (accountName, day) => ({
    subject: `Eine Zahlung für ${accountName} ist fehlgeschlagen`,
    lines: [
      `Die letzte Zahlung für den Tarif von ${accountName} ist fehlgeschlagen. Sie wird erneut versucht, und bis zum ${day} funktioniert alles wie bisher.`,
      'Meist ist die Karte abgelaufen, oder die Bank verlangt eine Bestätigung. Aktualisieren Sie die Karte, oder geben Sie eine andere an.',
      `Ist bis zum ${day} nichts bezahlt, endet der Tarif. ${freePlan}`,
    ],
    label: billing,
  }),
  trial_ends: (accountName, day) => ({
    subject: `Die Probezeit von ${accountName} endet am ${day}`,
    lines: [
      `Bis zum ${day} kann das Konto ${accountName} seinen Tarif kostenlos erproben. Ist eine Karte hinterlegt, läuft der Tarif weiter, und die erste Rechnung folgt.`,
      `Ist keine hinterlegt, endet der Tarif. ${freePlan}`,
      'Geben Sie eine Karte an, um den Tarif zu behalten, oder kündigen Sie ihn, wenn Sie ihn nicht möchten.',
    ],
    label: billing,
  }),
  plan_ends: (accountName, day) => ({
    subject: `Der Tarif von ${accountName} endet am ${day}`,
    lines: [
      `Der Tarif von ${accountName} wurde gekündigt. Bis zum ${day} funktioniert er wie bisher, und es wird nichts mehr abgebucht.`,
      freePlan,
      'Möchten Sie den Tarif behalten, sagen Sie das vor diesem Tag.',
    ],
    label: billing,
  }),
};
