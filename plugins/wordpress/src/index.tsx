import { createRoot } from '@wordpress/element';
import { App } from './app.tsx';
import { keepFocusIn } from './focus.ts';
import './admin.css';

const element = document.getElementById('confab-admin');
if (element) {
  keepFocusIn(element);
  createRoot(element).render(<App />);
}
