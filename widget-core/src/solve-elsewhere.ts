import type { solve } from './proof.ts';

type Proof = { solve: typeof solve };

declare global {
  interface Window {
    /** Left here by the file that solves challenges. */
    confabProof?: Proof;
  }
}

// Of the panel's own file: where the others stand, of which version, and what its page lets scripts run by.
const { src, nonce } = document.currentScript as HTMLScriptElement;

/** Solves a challenge by code that hardly any visitor needs, and that is loaded for it. */
export async function solveElsewhere(challenge: string): Promise<string> {
  if (!window.confabProof) {
    await new Promise((onload, onerror) => {
      const proof = { src: src.replace('panel.js', 'proof.js'), nonce, onload, onerror };
      document.head.append(Object.assign(document.createElement('script'), proof));
    });
  }
  return (window.confabProof as Proof).solve(challenge);
}
