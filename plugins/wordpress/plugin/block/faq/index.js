(wp => {
  const { registerBlockType } = wp.blocks;
  const { InspectorControls, RichText, useBlockProps } = wp.blockEditor;
  const { Button, PanelBody, SelectControl } = wp.components;
  const { createElement: el, Fragment } = wp.element;
  const { __, sprintf } = wp.i18n;

  const LEVELS = [2, 3, 4];

  function Edit({ attributes: { items, level }, setAttributes }) {
    const save = changed => setAttributes({ items: changed });
    const change = (at, part) => save(items.map((item, i) => (i === at ? { ...item, ...part } : item)));
    const swap = (at, other) =>
      save(items.map((item, i) => (i === at ? items[other] : i === other ? items[at] : item)));

    return el(
      Fragment,
      null,
      el(
        InspectorControls,
        null,
        el(
          PanelBody,
          { title: __('Headings', 'confab') },
          el(SelectControl, {
            label: __('Level of the questions', 'confab'),
            value: String(level),
            options: LEVELS.map(value => ({
              value: String(value),
              /* translators: %d: level of a heading, 2 to 4. */
              label: sprintf(__('Heading %d', 'confab'), value),
            })),
            onChange: value => setAttributes({ level: Number(value) }),
            __next40pxDefaultSize: true,
            __nextHasNoMarginBottom: true,
          }),
        ),
      ),
      el(
        'div',
        useBlockProps({ className: 'confab-faq' }),
        items.map((item, at) =>
          el(
            'div',
            { className: 'confab-faq-item', key: at },
            el(RichText, {
              tagName: `h${level}`,
              'aria-label': __('Question', 'confab'),
              placeholder: __('Question', 'confab'),
              allowedFormats: [],
              disableLineBreaks: true,
              value: item.question,
              onChange: question => change(at, { question }),
            }),
            el(RichText, {
              tagName: 'p',
              'aria-label': __('Answer', 'confab'),
              placeholder: __('Answer', 'confab'),
              value: item.answer,
              onChange: answer => change(at, { answer }),
            }),
            el(
              'div',
              { role: 'group', 'aria-label': __('Order', 'confab') },
              el(Button, {
                variant: 'tertiary',
                icon: 'arrow-up-alt2',
                label: __('Move this question up', 'confab'),
                disabled: at === 0,
                accessibleWhenDisabled: true,
                onClick: () => swap(at, at - 1),
              }),
              el(Button, {
                variant: 'tertiary',
                icon: 'arrow-down-alt2',
                label: __('Move this question down', 'confab'),
                disabled: at === items.length - 1,
                accessibleWhenDisabled: true,
                onClick: () => swap(at, at + 1),
              }),
              el(Button, {
                variant: 'tertiary',
                icon: 'trash',
                label: __('Remove this question', 'confab'),
                isDestructive: true,
                onClick: () => save(items.filter((_, i) => i !== at)),
              }),
            ),
          ),
        ),
        el(
          Button,
          {
            variant: 'secondary',
            __next40pxDefaultSize: true,
            onClick: () => save([...items, { question: '', answer: '' }]),
          },
          __('Add a question', 'confab'),
        ),
      ),
    );
  }

  // The page gets its HTML from PHP, so a change of the markup needs no new save of old posts.
  registerBlockType('confab/faq', { edit: Edit, save: () => null });
})(window.wp);
