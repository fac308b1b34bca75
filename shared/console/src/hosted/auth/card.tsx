import type { ReactNode } from 'react';

/** A page for whoever is not signed in: one thing to do, in the middle. */
export function Card({ title, intro, children }: { title: string; intro?: ReactNode; children?: ReactNode }) {
  return (
    <main id="main" className="confab-card">
      <p className="confab-brand">Confab</p>
      <h1 tabIndex={-1}>{title}</h1>
      {intro && <p className="confab-intro">{intro}</p>}
      {children}
    </main>
  );
}
