import { Button } from '@wordpress/components';
import { useEffect, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';

/** A text that somebody takes elsewhere, such as a secret or the snippet. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(''), 4_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid(__('Copied.', 'confab')),
      () => setSaid(__('The browser does not allow copying. Select the text and copy it yourself.', 'confab')),
    );
  return (
    <div className="confab-copyable">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled by keyboard, too */}
      <section tabIndex={0} aria-label={label} dir="ltr">
        <pre>
          <code>{text}</code>
        </pre>
      </section>
      <div className="confab-actions">
        <Button variant="secondary" __next40pxDefaultSize onClick={copy}>
          {__('Copy', 'confab')}
        </Button>
        <span role="status">{said}</span>
      </div>
    </div>
  );
}
