import { Button } from '@wordpress/components';
import { Component } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ReactNode } from 'react';

/** Shows that a screen failed, such as when its code cannot be loaded, and leaves the rest. React knows no other form. */
export class Boundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div role="alert" className="confab-section">
        <p>{__('This screen could not be shown. You may be offline, or the relay has a newer version.', 'confab')}</p>
        <Button variant="secondary" __next40pxDefaultSize onClick={() => location.reload()}>
          {__('Load the page again', 'confab')}
        </Button>
      </div>
    );
  }
}
