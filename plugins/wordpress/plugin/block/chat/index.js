(wp => {
  const { registerBlockType } = wp.blocks;
  const { useBlockProps } = wp.blockEditor;
  const { Placeholder } = wp.components;
  const { createElement: el } = wp.element;
  const { __ } = wp.i18n;

  registerBlockType('confab/chat', {
    edit: () =>
      el(
        'div',
        useBlockProps(),
        el(Placeholder, {
          icon: 'format-status',
          label: __('Chat with the assistant', 'confab'),
          instructions: __(
            'Visitors find the assistant here. Nothing is loaded or sent before they start the chat.',
            'confab',
          ),
        }),
      ),
    save: () => null,
  });
})(window.wp);
