import { createRoot } from '@wordpress/element';
import { App } from './app.tsx';
import './admin.css';

const element = document.getElementById('confab-admin');
if (element) createRoot(element).render(<App />);
