import type { Words } from './en.ts';

const count = (many: number, one: string, more: string) => `${many} ${many === 1 ? one : more}`;

export const es: Words = {
  sentBy: site => `Enviado por Confab para ${site}.`,
  unsubscribe: 'Dejar de recibir estos correos',
  transcript: {
    subject: site => `Su chat con ${site}`,
    title: site => `Su chat con ${site}`,
    intro: (site, date) => `Este es su chat del ${date} con el asistente de ${site}, que es una IA.`,
    you: 'Usted',
    assistant: 'Asistente',
    team: 'Equipo',
    sources: 'Fuentes',
    link: '[enlace]',
    cut: 'Se han omitido los mensajes anteriores.',
    footer: site =>
      `Alguien lo pidió en el sitio web de ${site} y escribió esta dirección. Si no fue usted, no haga nada: no se enviará nada más por sí solo.`,
  },
  lead: {
    subject: site => `Nuevos datos de contacto: ${site}`,
    title: 'Alguien ha dejado sus datos de contacto',
    intro: site => `Un visitante de ${site} desea que se pongan en contacto con él.`,
  },
  callback: {
    subject: site => `Por favor, devolver la llamada: ${site}`,
    title: 'Alguien pide que le llamen',
    intro: site => `Un visitante de ${site} desea recibir una llamada.`,
  },
  fields: {
    name: 'Nombre',
    email: 'Correo',
    phone: 'Teléfono',
    callbackAt: 'Hora deseada',
    callbackThere: 'En la zona horaria del visitante',
    message: 'Mensaje',
    page: 'Página',
    marketing: 'Acepta correos publicitarios',
    yes: 'Sí',
    at: 'Dejado el',
  },
  withoutLinks:
    'Las direcciones web que escribió el visitante se omiten aquí. El texto completo está en la administración de su sitio.',
  digest: {
    subject: (site, date) => `${site}: lo que dejaron los visitantes hasta el ${date}`,
    title: 'Lo que dejaron los visitantes',
    intro: (from, until) => `Del ${from} al ${until}.`,
    leads: many => count(many, 'visitante dejó sus datos de contacto', 'visitantes dejaron sus datos de contacto'),
    callbacks: many => count(many, 'visitante pide que le llamen', 'visitantes piden que les llamen'),
    unanswered: many => count(many, 'pregunta quedó sin respuesta', 'preguntas quedaron sin respuesta'),
    unansweredTitle: 'Preguntas sin respuesta',
    more: many => `… y ${many} más, en la administración de su sitio.`,
    restricted: 'No se muestra: el visitante ha limitado su uso.',
  },
  verification: {
    subject: site => `Confirme esta dirección para ${site}`,
    title: 'Confirme esta dirección',
    lines: site => [
      `${site} desea enviar aquí sus avisos: los datos de contacto que dejan los visitantes, las llamadas que piden y lo que requiera atención.`,
      'No se envía nada antes de que usted confirme. El enlace es válido durante 7 días.',
      'Si no lo esperaba, no haga nada.',
    ],
    link: 'Confirmar esta dirección',
  },
  security: {
    subject: site => `Los avisos de ${site} ya no llegan aquí`,
    title: 'Los avisos ya no llegan aquí',
    lines: site => [
      `Esta dirección se quitó de los ajustes de ${site}. Sus avisos ya no llegan aquí.`,
      'Si no lo esperaba, compruebe quién tiene acceso a los ajustes del sitio.',
    ],
  },
  late: {
    subject: site => `${site}: algo no llega`,
    title: 'Algo no llega',
    lines: site => [
      `Lo que debe salir de ${site} espera desde hace más de un día o fue rechazado. No se pierde nada: se intenta durante tres días y después se conserva.`,
      'Compruebe las conexiones en los ajustes del sitio. Lo que falló se puede enviar de nuevo allí.',
    ],
    webhook: 'Un webhook',
    waiting: many => `${many} sin entregar`,
  },
  spend: {
    subject: (site, percent) => `${site}: ${percent} % del límite de coste`,
    title: percent => `Se ha gastado el ${percent} % del límite`,
    day: 'Es lo gastado del límite que usted fijó para un día.',
    month: 'Es lo gastado del límite que usted fijó para un mes.',
    next: 'Cuando se gaste todo, los visitantes recibirán citas de sus páginas hasta que termine el plazo.',
    reached: 'Los visitantes reciben ahora citas de sus páginas, hasta que termine el plazo o usted cambie el límite.',
  },
  page: {
    confirmTitle: 'Confirmar esta dirección',
    confirmText: site => `Los avisos de ${site} llegarán a esta dirección.`,
    confirmButton: 'Confirmar',
    confirmed: 'Confirmada',
    confirmedText: site =>
      `Los avisos de ${site} llegan ahora a su dirección. Cada uno tiene un enlace para dejar de recibirlos.`,
    stopTitle: 'Dejar de recibir estos correos',
    stopText: {
      leads: site => `Ya no recibirá un correo por cada visitante de ${site} que deje sus datos de contacto.`,
      digest: site => `Ya no recibirá el correo diario de ${site}.`,
      alerts: site => `Ya no se le avisará cuando algo de ${site} requiera atención.`,
    },
    stopButton: 'Dejar de recibirlos',
    stopped: 'Hecho',
    stoppedText: 'Para recibirlos de nuevo, quite su dirección de los ajustes del sitio, guarde y añádala otra vez.',
    invalid: 'Este enlace no funciona (o ya no)',
    invalidText:
      'Está incompleto, es demasiado antiguo o es de una dirección a la que el sitio ya no escribe. No se ha cambiado nada.',
  },
};
