const count = (many: number, one: string, more: string) => `${many} ${many === 1 ? one : more}`;

/** The words of the e-mails. Every value that comes from outside stands in them as text, and is escaped where it is shown. */
export const en = {
  sentBy: (site: string) => `Sent by Confab for ${site}.`,
  unsubscribe: 'Stop these e-mails',
  transcript: {
    subject: (site: string) => `Your chat with ${site}`,
    title: (site: string) => `Your chat with ${site}`,
    intro: (site: string, date: string) =>
      `This is your chat on ${date} with the assistant of ${site}, which is an AI.`,
    you: 'You',
    assistant: 'Assistant',
    team: 'Team',
    sources: 'Sources',
    link: '[link]',
    cut: 'Earlier messages are left out.',
    footer: (site: string) =>
      `Somebody asked for this on the website of ${site} and typed this address. If that was not you, ignore it: nothing more is sent by itself.`,
  },
  lead: {
    subject: (site: string) => `New contact details: ${site}`,
    title: 'Somebody left contact details',
    intro: (site: string) => `A visitor of ${site} would like to hear from you.`,
  },
  callback: {
    subject: (site: string) => `Call back, please: ${site}`,
    title: 'Somebody asks to be called back',
    intro: (site: string) => `A visitor of ${site} would like to be called.`,
  },
  fields: {
    name: 'Name',
    email: 'E-mail',
    phone: 'Phone',
    callbackAt: 'Wished time',
    callbackThere: 'In the visitor’s time zone',
    message: 'Message',
    page: 'Page',
    marketing: 'Agreed to marketing e-mails',
    yes: 'Yes',
    at: 'Left on',
  },
  withoutLinks: 'Web addresses that the visitor wrote are left out here. The whole text is in the admin of your site.',
  digest: {
    subject: (site: string, date: string) => `${site}: what visitors left until ${date}`,
    title: 'What visitors left',
    intro: (from: string, until: string) => `From ${from} to ${until}.`,
    leads: (many: number) => count(many, 'visitor left contact details', 'visitors left contact details'),
    callbacks: (many: number) => count(many, 'visitor asked to be called back', 'visitors asked to be called back'),
    unanswered: (many: number) => count(many, 'question found no answer', 'questions found no answer'),
    unansweredTitle: 'Questions without an answer',
    more: (many: number) => `… and ${many} more, in the admin of your site.`,
    restricted: 'Not shown: the visitor has restricted its use.',
  },
  verification: {
    subject: (site: string) => `Confirm this address for ${site}`,
    title: 'Confirm this address',
    lines: (site: string) => [
      `${site} would like to send its notifications here: contact details that visitors leave, callbacks, and whatever needs attention.`,
      'Nothing is sent before you confirm. The link works for 7 days.',
      'If you did not expect this, do nothing.',
    ],
    link: 'Confirm this address',
  },
  security: {
    subject: (site: string) => `Notifications of ${site} no longer come here`,
    title: 'Notifications no longer come here',
    lines: (site: string) => [
      `This address was taken out of the settings of ${site}. Its notifications no longer come here.`,
      'If you did not expect this, look at who has access to the settings of the site.',
    ],
  },
  late: {
    subject: (site: string) => `${site}: something does not arrive`,
    title: 'Something does not arrive',
    lines: (site: string) => [
      `What is to go out of ${site} has been waiting for more than a day, or was refused. Nothing is lost: it is tried for three days, and kept after that.`,
      'Look at the connections in the settings of the site. What failed can be sent again there.',
    ],
    webhook: 'A webhook',
    waiting: (many: number) => `${many} not delivered`,
  },
  spend: {
    subject: (site: string, percent: number) => `${site}: ${percent} % of the limit of cost`,
    title: (percent: number) => `${percent} % of the limit are spent`,
    day: 'So much of the limit that you set for one day is spent.',
    month: 'So much of the limit that you set for one month is spent.',
    next: 'Once all of it is spent, visitors are answered with quotes from your pages until the time is over.',
    reached: 'Visitors are now answered with quotes from your pages, until the time is over or you change the limit.',
  },
  page: {
    confirmTitle: 'Confirm this address',
    confirmText: (site: string) => `Notifications of ${site} will come to this address.`,
    confirmButton: 'Confirm',
    confirmed: 'Confirmed',
    confirmedText: (site: string) =>
      `Notifications of ${site} now come to your address. Each has a link that ends them.`,
    stopTitle: 'Stop these e-mails',
    stopText: {
      leads: (site: string) =>
        `You will no longer get an e-mail for each visitor of ${site} who leaves contact details.`,
      digest: (site: string) => `You will no longer get the daily e-mail of ${site}.`,
      alerts: (site: string) => `You will no longer be told when something at ${site} needs attention.`,
    },
    stopButton: 'Stop them',
    stopped: 'Stopped',
    stoppedText: 'To have them again, take your address out of the settings of the site, save, and add it again.',
    invalid: 'This link does not work (any more)',
    invalidText: 'It is not whole, too old, or of an address that the site no longer writes to. Nothing was changed.',
  },
};

export type Words = typeof en;
