import { dateI18n, getSettings } from '@wordpress/date';
import { createRoot } from '@wordpress/element';
import { keepFocusIn } from '../../../shared/console/src/focus.ts';
import { setFormats } from '../../../shared/console/src/format.ts';
import { App } from './app.tsx';
import './admin.css';

const inFormat = (format: string) => (moment: string) => dateI18n(format, moment, undefined);
const { formats, timezone } = getSettings();
setFormats({
  moment: inFormat(`${formats.date} ${formats.time}`),
  day: inFormat(formats.date),
  timeZone: timezone.string,
});
// Dialogs are drawn beside the screens.
document.body.classList.add('confab-screens');

const element = document.getElementById('confab-admin');
if (element) {
  keepFocusIn(element);
  createRoot(element).render(<App />);
}
