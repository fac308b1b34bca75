import type { AccountWords } from './en.ts';

const notYou = 'Si no fue usted, elija ahora una contraseña nueva y revise sus sesiones.';
const security = 'Abrir su cuenta';
const billing = 'Abrir el plan y los pagos';
const servedOn =
  'Sus visitantes siguen recibiendo respuesta: las conversaciones que empiecen después se responden con citas de sus páginas, sin modelo de lenguaje. No se pierde nada, y las conversaciones en curso no cambian.';
const freePlan =
  'La cuenta sigue entonces con el plan gratuito. No se elimina nada: los sitios, las conversaciones, los contactos y los ajustes se quedan, y no se puede añadir más de lo que incluye el plan gratuito.';

export const es: AccountWords = {
  lang: 'es',
  when: 'Cuándo',
  address: 'Dirección IP',
  browser: 'Navegador',
  verify: {
    subject: 'Confirme su dirección de correo',
    lines: [
      'Alguien se registró en Confab con esta dirección. Si fue usted, confírmela: el enlace es válido durante 24 horas.',
      'Si no fue usted, no haga nada. Entonces no se guarda nada.',
    ],
    label: 'Confirmar esta dirección',
  },
  exists: {
    subject: 'Ya tiene una cuenta',
    lines: [
      'Alguien, quizá usted, se registró en Confab con esta dirección o quiso cambiar a ella. Ya tiene una cuenta, y nada ha cambiado.',
      'Inicie sesión como siempre. Si ya no sabe la contraseña, pida allí una nueva.',
    ],
    label: 'Iniciar sesión',
  },
  reset: {
    subject: 'Elija una contraseña nueva',
    lines: [
      'Alguien pidió una contraseña nueva para la cuenta de esta dirección. El enlace sirve una vez, durante una hora, y cierra todas sus sesiones.',
      'Si no fue usted, no haga nada: su contraseña sigue igual.',
    ],
    label: 'Elegir una contraseña nueva',
  },
  confirm_email: {
    subject: 'Confirme su nueva dirección de correo',
    lines: [
      'Quiere iniciar sesión con esta dirección a partir de ahora. Confírmela en el navegador en el que tiene la sesión abierta: el enlace es válido durante 24 horas.',
      'Si no fue usted, no haga nada.',
    ],
    label: 'Confirmar esta dirección',
  },
  email_change_asked: {
    subject: 'Su dirección de correo va a cambiar',
    lines: ['Alguien con su sesión abierta pidió cambiar la dirección de correo de su cuenta.', notYou],
    label: security,
  },
  email_changed: {
    subject: 'Su dirección de correo ha cambiado',
    lines: [
      'A partir de ahora inicia sesión con otra dirección de correo. Esta ya no pertenece a ninguna cuenta.',
      'Si no fue usted, escriba a quien administra este relay.',
    ],
  },
  password_changed: {
    subject: 'Su contraseña ha cambiado',
    lines: ['La contraseña de su cuenta ha cambiado. Todas las demás sesiones se han cerrado.', notYou],
    label: security,
  },
  two_factor_on: {
    subject: 'Los códigos están activados',
    lines: ['A partir de ahora se pide un código de su aplicación después de la contraseña.', notYou],
    label: security,
  },
  two_factor_off: {
    subject: 'Los códigos están desactivados',
    lines: ['Ya no se pide ningún código después de la contraseña.', notYou],
    label: security,
  },
  recovery_code_used: {
    subject: 'Se usó un código de recuperación',
    lines: ['Alguien inició sesión como usted con uno de sus códigos de recuperación. Ya no vuelve a servir.', notYou],
    label: security,
  },
  recovery_codes_new: {
    subject: 'Tiene códigos de recuperación nuevos',
    lines: ['Se crearon códigos de recuperación nuevos para su cuenta. Los anteriores ya no sirven.', notYou],
    label: security,
  },
  passkey_added: {
    subject: 'Se añadió una clave de acceso',
    lines: ['Se añadió una clave de acceso a su cuenta. Quien la tenga puede iniciar sesión como usted.', notYou],
    label: security,
  },
  passkey_removed: {
    subject: 'Se quitó una clave de acceso',
    lines: ['Se quitó una clave de acceso de su cuenta.', notYou],
    label: security,
  },
  new_device: {
    subject: 'Inicio de sesión en un dispositivo nuevo',
    lines: ['Su cuenta se usó en un navegador que aún no conocemos.', notYou],
    label: security,
  },
  invitation: (accountName, inviter) => ({
    subject: accountName ? `Tiene una invitación a ${accountName}` : 'Tiene una invitación a Confab',
    lines: [
      accountName
        ? `${inviter ?? 'Alguien'} le invita al equipo de ${accountName} en Confab.`
        : 'Puede abrir una cuenta en este relay.',
      'El enlace es solo para esta dirección y es válido durante 7 días. Si no lo esperaba, no haga nada.',
    ],
    label: 'Ver la invitación',
  }),
  deletion_planned: (accountName, day) => ({
    subject: `La cuenta ${accountName} se eliminará`,
    lines: [
      `Un propietario pidió eliminar la cuenta ${accountName} con todos sus sitios y datos. Se hará el ${day}.`,
      'Hasta entonces, cualquier propietario puede detenerlo y llevarse los datos.',
    ],
    label: security,
  }),
  deletion_stopped: accountName => ({
    subject: `La cuenta ${accountName} se queda`,
    lines: [`La cuenta ${accountName} no se eliminará.`],
    label: security,
  }),
  account_deleted: accountName => ({
    subject: `La cuenta ${accountName} está eliminada`,
    lines: [`La cuenta ${accountName} se ha eliminado con todos sus sitios y datos.`],
  }),
  export_ready: accountName => ({
    subject: 'Su archivo está listo',
    lines: [
      `El archivo con todo lo de ${accountName} se puede descargar durante un día. Debe tener la sesión abierta.`,
    ],
    label: 'Descargar el archivo',
  }),
  limit_near: (accountName, used, most, day) => ({
    subject: `${accountName} ha usado ${used} de ${most} conversaciones`,
    lines: [
      `${accountName} ha usado ${used} de las ${most} conversaciones que su plan incluye cada mes. Nada se detiene cuando se agotan.`,
      servedOn,
      `El recuento empieza de nuevo el ${day} (UTC). Si espera más visitantes hasta entonces, elija un plan mayor.`,
    ],
    label: billing,
  }),
  limit_reached: (accountName, used, most, day) => ({
    subject: `${accountName} ha usado todas las conversaciones de este mes`,
    lines: [
      `${accountName} ha usado ${used} de las ${most} conversaciones que su plan incluye cada mes.`,
      servedOn,
      `El recuento empieza de nuevo el ${day} (UTC). Si no quiere esperar, elija un plan mayor.`,
    ],
    label: billing,
  }),
  payment_failed: (accountName, day) => ({
    subject: `Un pago de ${accountName} no se pudo cobrar`,
    lines: [
      `El último pago del plan de ${accountName} no se pudo cobrar. Se intentará de nuevo y, hasta el ${day}, todo funciona como antes.`,
      'Lo más frecuente es que la tarjeta haya caducado o que el banco pida una confirmación. Actualice la tarjeta o indique otra.',
      `Si no se paga antes del ${day}, el plan termina. ${freePlan}`,
    ],
    label: billing,
  }),
  trial_ends: (accountName, day) => ({
    subject: `La prueba de ${accountName} termina el ${day}`,
    lines: [
      `Hasta el ${day}, la cuenta ${accountName} puede probar su plan sin pagar. Si hay una tarjeta guardada, el plan sigue y llega la primera factura.`,
      `Si no hay ninguna, el plan termina. ${freePlan}`,
      'Indique una tarjeta para conservar el plan, o cancélelo si no lo quiere.',
    ],
    label: billing,
  }),
  plan_ends: (accountName, day) => ({
    subject: `El plan de ${accountName} termina el ${day}`,
    lines: [
      `El plan de ${accountName} se canceló. Funciona como antes hasta el ${day}, y ya no se cobra nada.`,
      freePlan,
      'Si quiere conservar el plan, dígalo antes de ese día.',
    ],
    label: billing,
  }),
};
