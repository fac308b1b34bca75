import { useEffect, useId, useRef, useState } from '@wordpress/element';
import type { ReactNode } from 'react';

/** A button, and what it shows and hides. It closes by Escape, by leaving it, and when somebody goes somewhere. */
export function Menu({ label, name, children }: { label: string; name?: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) return;
    const close = () => setOpen(false);
    const leave = ({ target }: Event) => !root.current?.contains(target as Node) && close();
    const byKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return;
      close();
      button.current?.focus();
    };
    addEventListener('popstate', close);
    document.addEventListener('pointerdown', leave);
    document.addEventListener('focusin', leave);
    document.addEventListener('keydown', byKey);
    return () => {
      removeEventListener('popstate', close);
      document.removeEventListener('pointerdown', leave);
      document.removeEventListener('focusin', leave);
      document.removeEventListener('keydown', byKey);
    };
  }, [isOpen]);
  return (
    <div className="confab-menu" ref={root}>
      <button
        type="button"
        ref={button}
        className="confab-menu-button"
        aria-label={name}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <span>{label}</span>
      </button>
      <div id={id} className="confab-menu-panel" hidden={!isOpen}>
        {children}
      </div>
    </div>
  );
}
