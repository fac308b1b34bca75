import type { AccountWords } from './en.ts';

const notYou = 'Si ce n’était pas vous, choisissez maintenant un nouveau mot de passe et vérifiez vos sessions.';
const security = 'Ouvrir votre compte';
const billing = 'Ouvrir la formule et les paiements';
const servedOn =
  'Vos visiteurs restent servis : les conversations qui commencent ensuite reçoivent des extraits de vos pages, sans modèle de langage. Rien n’est perdu, et les conversations en cours ne changent pas.';
const freePlan =
  'Le compte continue alors avec la formule gratuite. Rien n’est supprimé : sites, conversations, contacts et réglages restent, et rien ne peut être ajouté au-delà de ce que comprend la formule gratuite.';

export const fr: AccountWords = {
  lang: 'fr',
  when: 'Quand',
  address: 'Adresse IP',
  browser: 'Navigateur',
  verify: {
    subject: 'Confirmez votre adresse e-mail',
    lines: [
      'Quelqu’un s’est inscrit à Confab avec cette adresse. Si c’était vous, confirmez-la : le lien est valable 24 heures.',
      'Si ce n’était pas vous, ne faites rien. Rien n’est alors conservé.',
    ],
    label: 'Confirmer cette adresse',
  },
  exists: {
    subject: 'Vous avez déjà un compte',
    lines: [
      'Quelqu’un, peut-être vous, s’est inscrit à Confab avec cette adresse ou voulait l’adopter. Elle a déjà un compte, et rien n’a changé.',
      'Connectez-vous comme d’habitude. Si vous ne connaissez plus le mot de passe, demandez-en un nouveau sur cette page.',
    ],
    label: 'Se connecter',
  },
  reset: {
    subject: 'Choisissez un nouveau mot de passe',
    lines: [
      'Quelqu’un a demandé un nouveau mot de passe pour le compte de cette adresse. Le lien est valable une fois, pendant une heure, et vous déconnecte partout.',
      'Si ce n’était pas vous, ne faites rien : votre mot de passe reste le même.',
    ],
    label: 'Choisir un nouveau mot de passe',
  },
  confirm_email: {
    subject: 'Confirmez votre nouvelle adresse e-mail',
    lines: [
      'Vous souhaitez désormais vous connecter avec cette adresse. Confirmez-la dans le navigateur où vous êtes connecté : le lien est valable 24 heures.',
      'Si ce n’était pas vous, ne faites rien.',
    ],
    label: 'Confirmer cette adresse',
  },
  email_change_asked: {
    subject: 'Votre adresse e-mail va changer',
    lines: ['Quelqu’un qui est connecté à votre place a demandé de changer l’adresse e-mail de votre compte.', notYou],
    label: security,
  },
  email_changed: {
    subject: 'Votre adresse e-mail a changé',
    lines: [
      'Vous vous connectez désormais avec une autre adresse e-mail. Celle-ci n’appartient plus à aucun compte.',
      'Si ce n’était pas vous, écrivez à qui exploite ce relais.',
    ],
  },
  password_changed: {
    subject: 'Votre mot de passe a changé',
    lines: ['Le mot de passe de votre compte a changé. Toutes les autres sessions sont terminées.', notYou],
    label: security,
  },
  two_factor_on: {
    subject: 'Les codes sont activés',
    lines: ['Un code de votre application est désormais demandé après votre mot de passe.', notYou],
    label: security,
  },
  two_factor_off: {
    subject: 'Les codes sont désactivés',
    lines: ['Aucun code n’est plus demandé après votre mot de passe.', notYou],
    label: security,
  },
  recovery_code_used: {
    subject: 'Un code de secours a été utilisé',
    lines: ['Quelqu’un s’est connecté à votre place avec un de vos codes de secours. Il ne sert plus.', notYou],
    label: security,
  },
  recovery_codes_new: {
    subject: 'Vous avez de nouveaux codes de secours',
    lines: ['De nouveaux codes de secours ont été créés pour votre compte. Les anciens ne servent plus.', notYou],
    label: security,
  },
  passkey_added: {
    subject: 'Une clé d’accès a été ajoutée',
    lines: ['Une clé d’accès a été ajoutée à votre compte. Qui la possède peut se connecter à votre place.', notYou],
    label: security,
  },
  passkey_removed: {
    subject: 'Une clé d’accès a été retirée',
    lines: ['Une clé d’accès de votre compte a été retirée.', notYou],
    label: security,
  },
  new_device: {
    subject: 'Connexion sur un nouvel appareil',
    lines: ['Votre compte a été utilisé dans un navigateur que nous ne connaissons pas encore.', notYou],
    label: security,
  },
  invitation: (accountName, inviter) => ({
    subject: accountName ? `Vous êtes invité à rejoindre ${accountName}` : 'Vous êtes invité à rejoindre Confab',
    lines: [
      accountName
        ? `${inviter ?? 'Quelqu’un'} vous invite dans l’équipe de ${accountName} sur Confab.`
        : 'Vous pouvez ouvrir un compte sur ce relais.',
      'Le lien est réservé à cette adresse et valable 7 jours. Si vous ne l’attendiez pas, ne faites rien.',
    ],
    label: 'Voir l’invitation',
  }),
  deletion_planned: (accountName, day) => ({
    subject: `Le compte ${accountName} sera supprimé`,
    lines: [
      `Un propriétaire a demandé de supprimer le compte ${accountName} avec tous ses sites et ses données. Ce sera fait le ${day}.`,
      'D’ici là, chaque propriétaire peut l’arrêter et emporter les données.',
    ],
    label: security,
  }),
  deletion_stopped: accountName => ({
    subject: `Le compte ${accountName} reste`,
    lines: [`Le compte ${accountName} ne sera pas supprimé.`],
    label: security,
  }),
  account_deleted: accountName => ({
    subject: `Le compte ${accountName} est supprimé`,
    lines: [`Le compte ${accountName} a été supprimé avec tous ses sites et ses données.`],
  }),
  export_ready: accountName => ({
    subject: 'Votre archive est prête',
    lines: [
      `L’archive de tout ce que contient ${accountName} est disponible pendant un jour. Vous devez être connecté.`,
    ],
    label: 'Récupérer l’archive',
  }),
  limit_near: (accountName, used, most, day) => ({
    subject: `${accountName} a utilisé ${used} conversations sur ${most}`,
    lines: [
      `${accountName} a utilisé ${used} des ${most} conversations que sa formule comprend chaque mois. Rien ne s’arrête quand elles sont épuisées.`,
      servedOn,
      `Le compteur repart à zéro le ${day} (UTC). Si vous attendez plus de visiteurs d’ici là, choisissez une formule plus grande.`,
    ],
    label: billing,
  }),
  limit_reached: (accountName, used, most, day) => ({
    subject: `${accountName} a utilisé toutes les conversations de ce mois`,
    lines: [
      `${accountName} a utilisé ${used} des ${most} conversations que sa formule comprend chaque mois.`,
      servedOn,
      `Le compteur repart à zéro le ${day} (UTC). Si vous ne voulez pas attendre, choisissez une formule plus grande.`,
    ],
    label: billing,
  }),
  payment_failed: (accountName, day) => ({
    subject: `Un paiement pour ${accountName} a échoué`,
    lines: [
      `Le dernier paiement pour la formule de ${accountName} a échoué. Il sera tenté de nouveau et, jusqu’au ${day}, tout fonctionne comme avant.`,
      'Le plus souvent, la carte a expiré ou la banque demande une confirmation. Mettez la carte à jour ou indiquez-en une autre.',
      `Si rien n’est payé d’ici au ${day}, la formule prend fin. ${freePlan}`,
    ],
    label: billing,
  }),
  trial_ends: (accountName, day) => ({
    subject: `L’essai de ${accountName} prend fin le ${day}`,
    lines: [
      `Jusqu’au ${day}, le compte ${accountName} peut essayer sa formule sans payer. Si une carte est enregistrée, la formule continue et la première facture suit.`,
      `Si aucune ne l’est, la formule prend fin. ${freePlan}`,
      'Indiquez une carte pour garder la formule, ou résiliez-la si vous n’en voulez pas.',
    ],
    label: billing,
  }),
  plan_ends: (accountName, day) => ({
    subject: `La formule de ${accountName} prend fin le ${day}`,
    lines: [
      `La formule de ${accountName} a été résiliée. Elle fonctionne comme avant jusqu’au ${day}, et plus rien n’est prélevé.`,
      freePlan,
      'Si vous voulez garder la formule, dites-le avant ce jour.',
    ],
    label: billing,
  }),
};
