// First, since components bring their styles as they are imported.
import './hosted/style-nonce.ts';
import '@wordpress/components/build-style/style.css';
import '@wordpress/dataviews/build-style/style.css';
import './styles/dark.css';
import './screens.css';
import './styles/hosted.css';
import { createRoot } from '@wordpress/element';
import { App } from './hosted/app.tsx';
import { languageOf, speak } from './hosted/languages.ts';
import { takeLinks } from './hosted/router.ts';

const root = document.getElementById('console');
if (root) {
  takeLinks();
  speak(languageOf(navigator.languages)).then(() => createRoot(root).render(<App />));
}
