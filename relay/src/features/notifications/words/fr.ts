import type { Words } from './en.ts';

const count = (many: number, one: string, more: string) => `${many} ${many < 2 ? one : more}`;

export const fr: Words = {
  sentBy: site => `Envoyé par Confab pour ${site}.`,
  unsubscribe: 'Ne plus recevoir ces e-mails',
  transcript: {
    subject: site => `Votre conversation avec ${site}`,
    title: site => `Votre conversation avec ${site}`,
    intro: (site, date) => `Voici votre conversation du ${date} avec l’assistant de ${site}, qui est une IA.`,
    you: 'Vous',
    assistant: 'Assistant',
    team: 'Équipe',
    sources: 'Sources',
    link: '[lien]',
    cut: 'Les messages précédents ont été omis.',
    footer: site =>
      `Quelqu’un l’a demandé sur le site de ${site} en indiquant cette adresse. Si ce n’était pas vous, ignorez ce message : rien d’autre ne sera envoyé de lui-même.`,
  },
  lead: {
    subject: site => `Nouvelles coordonnées : ${site}`,
    title: 'Quelqu’un a laissé ses coordonnées',
    intro: site => `Un visiteur de ${site} aimerait avoir de vos nouvelles.`,
  },
  callback: {
    subject: site => `À rappeler : ${site}`,
    title: 'Quelqu’un demande à être rappelé',
    intro: site => `Un visiteur de ${site} aimerait être appelé.`,
  },
  fields: {
    name: 'Nom',
    email: 'E-mail',
    phone: 'Téléphone',
    callbackAt: 'Heure souhaitée',
    callbackThere: 'Dans le fuseau horaire du visiteur',
    message: 'Message',
    page: 'Page',
    marketing: 'Accepte les e-mails publicitaires',
    yes: 'Oui',
    at: 'Laissé le',
  },
  withoutLinks:
    'Les adresses web écrites par le visiteur sont omises ici. Le texte complet se trouve dans l’administration de votre site.',
  digest: {
    subject: (site, date) => `${site} : ce que les visiteurs ont laissé jusqu’au ${date}`,
    title: 'Ce que les visiteurs ont laissé',
    intro: (from, until) => `Du ${from} au ${until}.`,
    leads: many => count(many, 'visiteur a laissé ses coordonnées', 'visiteurs ont laissé leurs coordonnées'),
    callbacks: many => count(many, 'visiteur demande à être rappelé', 'visiteurs demandent à être rappelés'),
    unanswered: many => count(many, 'question est restée sans réponse', 'questions sont restées sans réponse'),
    unansweredTitle: 'Questions sans réponse',
    more: many => `… et ${many} de plus, dans l’administration de votre site.`,
    restricted: 'Non affiché : le visiteur en a limité l’utilisation.',
  },
  verification: {
    subject: site => `Confirmez cette adresse pour ${site}`,
    title: 'Confirmez cette adresse',
    lines: site => [
      `${site} souhaite envoyer ici ses notifications : les coordonnées laissées par les visiteurs, les demandes de rappel et tout ce qui demande votre attention.`,
      'Rien n’est envoyé avant votre confirmation. Le lien est valable 7 jours.',
      'Si vous ne vous y attendiez pas, ne faites rien.',
    ],
    link: 'Confirmer cette adresse',
  },
  security: {
    subject: site => `Les notifications de ${site} n’arrivent plus ici`,
    title: 'Les notifications n’arrivent plus ici',
    lines: site => [
      `Cette adresse a été retirée des réglages de ${site}. Ses notifications n’arrivent plus ici.`,
      'Si vous ne vous y attendiez pas, vérifiez qui a accès aux réglages du site.',
    ],
  },
  late: {
    subject: site => `${site} : quelque chose n’arrive pas`,
    title: 'Quelque chose n’arrive pas',
    lines: site => [
      `Ce qui doit partir de ${site} attend depuis plus d’un jour ou a été refusé. Rien n’est perdu : les essais continuent pendant trois jours, et tout est conservé ensuite.`,
      'Vérifiez les connexions dans les réglages du site. Ce qui a échoué peut y être renvoyé.',
    ],
    webhook: 'Un webhook',
    waiting: many => count(many, 'non livré', 'non livrés'),
  },
  spend: {
    subject: (site, percent) => `${site} : ${percent} % de la limite de coût`,
    title: percent => `${percent} % de la limite sont dépensés`,
    day: 'C’est la part dépensée de la limite que vous avez fixée pour une journée.',
    month: 'C’est la part dépensée de la limite que vous avez fixée pour un mois.',
    next: 'Une fois la limite atteinte, les visiteurs reçoivent des citations de vos pages jusqu’à la fin de la période.',
    reached:
      'Les visiteurs reçoivent maintenant des citations de vos pages, jusqu’à la fin de la période ou jusqu’à ce que vous changiez la limite.',
  },
  page: {
    confirmTitle: 'Confirmer cette adresse',
    confirmText: site => `Les notifications de ${site} arriveront à cette adresse.`,
    confirmButton: 'Confirmer',
    confirmed: 'Adresse confirmée',
    confirmedText: site =>
      `Les notifications de ${site} arrivent désormais à votre adresse. Chacune contient un lien pour y mettre fin.`,
    stopTitle: 'Ne plus recevoir ces e-mails',
    stopText: {
      leads: site => `Vous ne recevrez plus d’e-mail pour chaque visiteur de ${site} qui laisse ses coordonnées.`,
      digest: site => `Vous ne recevrez plus l’e-mail quotidien de ${site}.`,
      alerts: site => `Vous ne serez plus averti quand quelque chose demande votre attention chez ${site}.`,
    },
    stopButton: 'Arrêter',
    stopped: 'C’est arrêté',
    stoppedText:
      'Pour les recevoir de nouveau, retirez votre adresse des réglages du site, enregistrez, puis ajoutez-la de nouveau.',
    invalid: 'Ce lien ne fonctionne pas (ou plus)',
    invalidText:
      'Il est incomplet, trop ancien, ou concerne une adresse à laquelle le site n’écrit plus. Rien n’a été changé.',
  },
};
