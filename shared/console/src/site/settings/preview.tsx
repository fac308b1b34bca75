import { useMemo } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { useClient } from '../../client.ts';
import { isObject, type Json } from '../../json.ts';
import { previewDocument } from './preview-document.ts';

/**
 * The button as visitors will see it: the real loader in a frame of its own. The frame may not be pressed, has no origin
 * and so no cookies, and the loader asks the relay for nothing before it is pressed.
 */
export function LauncherPreview({ appearance }: { appearance: Json | undefined }) {
  const { widgetUrl } = useClient();
  const { accent, position, theme } = isObject(appearance) ? appearance : {};
  const html = useMemo(
    () =>
      previewDocument(
        widgetUrl,
        { accent: String(accent), position: String(position), theme: String(theme) },
        document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce,
      ),
    [widgetUrl, accent, position, theme],
  );
  return (
    <figure className="confab-preview">
      <figcaption>{__('Preview', 'confab')}</figcaption>
      <iframe
        ref={frame => frame?.setAttribute('inert', '')}
        title={__('Preview of the chat button', 'confab')}
        srcDoc={html}
        sandbox="allow-scripts"
      />
    </figure>
  );
}
