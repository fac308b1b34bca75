import { __, _n, sprintf } from '@wordpress/i18n';
import type { PrivacyRegister, SubProcessor } from '../../../../contract/src/privacy-register.ts';
import { formatNumber } from '../../format.ts';
import { translated } from '../../translated.ts';

/** What somebody does who gets data, in a word or two. */
export function serviceName(service: SubProcessor['service']): string {
  return {
    answers: __('answers', 'confab'),
    embeddings: __('search by meaning', 'confab'),
    crm: __('CRM', 'confab'),
    email: __('e-mails', 'confab'),
    errors: __('faults', 'confab'),
    webhook: __('webhook', 'confab'),
    platform: __('platform', 'confab'),
  }[service];
}

const measures = (): string[] => [
  __('Nothing of a visitor is stored before they agree; who declines is answered all the same.', 'confab'),
  __('Keys and credentials are encrypted at rest (AES-256-GCM) and are never shown again.', 'confab'),
  __(
    'Every decision about consent stands in a log whose records are chained by hashes and signed (Ed25519).',
    'confab',
  ),
  __('What has run out is deleted every night; a chained certificate counts what went.', 'confab'),
  __('Access, correction, restriction and erasure reach every table with data of visitors, at once.', 'confab'),
  __(
    'Staff have roles, sign in with a second factor if they choose, and an audit log keeps what they changed.',
    'confab',
  ),
  __('Logs hold no words of visitors, and of addresses only the network.', 'confab'),
];

/** The facts for the annexes of a processing agreement, as Markdown. What an owner typed cannot become markup in it. */
export function agreementText({ generatedAt, site, subProcessors, data }: PrivacyRegister): string {
  const days = (count: number) =>
    sprintf(/* translators: %s: a number */ _n('%s day', '%s days', count, 'confab'), formatNumber(count));
  const lines = [
    `# ${sprintf(/* translators: %s: name of a site */ __('Processing of personal data: %s', 'confab'), plain(site.name))}`,
    '',
    `- ${__('As of', 'confab')}: ${generatedAt}`,
    `- ${__('Site key', 'confab')}: ${site.key}`,
    ...(site.policyUrl ? [`- ${__('Privacy policy', 'confab')}: ${plain(site.policyUrl)}`] : []),
    '',
    `## ${__('Subject and purpose', 'confab')}`,
    '',
    __(
      'An assistant answers questions of visitors from the pages of the site, and takes contact details from those who want to leave them.',
      'confab',
    ),
    '',
    `## ${__('Whose data', 'confab')}`,
    '',
    __('Visitors of the site who chat, and customers and prospects who leave contact details.', 'confab'),
    '',
    `## ${__('Which data, what for and how long', 'confab')}`,
    '',
    ...data.flatMap(each => [
      `### ${translated(each.data)}`,
      '',
      `- ${__('What for', 'confab')}: ${translated(each.purpose)}`,
      `- ${__('Where from', 'confab')}: ${each.origin}`,
      `- ${__('Who receives it', 'confab')}: ${each.recipients}`,
      `- ${__('How long', 'confab')}: ${each.kept} (${days(each.days)})`,
      '',
    ]),
    `## ${__('Sub-processors and recipients', 'confab')}`,
    '',
    ...(subProcessors.length === 0
      ? [__('None beside whoever runs the relay.', 'confab'), '']
      : subProcessors.flatMap(each => [
          `### ${plain(each.name)} (${serviceName(each.service)})`,
          '',
          `- ${__('What for', 'confab')}: ${translated(each.purpose)}`,
          `- ${__('What it gets', 'confab')}: ${translated(each.data)}`,
          ...(each.place ? [`- ${__('Where', 'confab')}: ${plain(each.place)}`] : []),
          '',
        ])),
    `## ${__('Technical and organisational measures', 'confab')}`,
    '',
    ...measures().map(measure => `- ${measure}`),
    '',
  ];
  return lines.join('\n');
}

/** The same without the marks of Markdown. */
export const asPlainText = (markdown: string): string =>
  markdown.replace(/^#+ (.*)$/gm, (_, title: string) => title.toUpperCase()).replace(/\\([\\`*_[\]<>#|])/g, '$1');

/** On one line, and with every character that Markdown might take for its own set apart. */
const plain = (text: string) => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|]/g, '\\$&');
