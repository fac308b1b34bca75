// What https://cdn.shopify.com/shopifycloud/polaris-2.js does for the app's pages, without its looks: every element of the
// manifest, drawn plainly; fields belong to their form and fire the events of fields. POLARIS_MANIFEST comes from it.
{
  const TOKENS = { none: 0, 'small-500': 1, 'small-400': 2, 'small-300': 4, 'small-200': 6, 'small-100': 8, small: 10 };
  Object.assign(TOKENS, { base: 16, large: 20, 'large-100': 24, 'large-200': 28, 'large-300': 32, 'large-400': 40 });
  const space = value =>
    (value ?? '')
      .split(' ')
      .map(word => `${TOKENS[word] ?? 0}px`)
      .join(' ');
  const TONES = {
    info: '#eaf4ff #00527c',
    success: '#cdfee1 #0c5132',
    warning: '#fff1cf #5e4200',
    caution: '#fff1cf #5e4200',
    critical: '#fee8eb #8e0b21',
  };
  const ICONS = {
    delete: '✕',
    plus: '+',
    'arrow-up': '↑',
    'arrow-down': '↓',
    x: '✕',
    search: '⌕',
    edit: '✎',
    refresh: '↻',
  };

  const sheetOf = css => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return sheet;
  };
  const common = sheetOf(`
    :host([hidden]) { display: none !important }
    * { box-sizing: border-box }
    h1, h2, h3, h4, p { margin: 0; font-size: 1rem }
    h1 { font-size: 1.25rem }
    button, input, select, textarea { font: inherit; color: inherit }
    button, .link-button { display: inline-flex; justify-content: center; gap: .35rem; padding: .3rem .75rem; text-decoration: none;
      border: 1px solid #8a8a8a; border-radius: .5rem; background: #fff; color: #303030; cursor: pointer }
    :host([variant=primary]) button, :host([variant=primary]) .link-button { background: #303030; color: #fff; border-color: #303030 }
    :host([variant=tertiary]) button, :host([variant=tertiary]) .link-button { border-color: transparent; background: transparent }
    :host([tone=critical]) button { color: #8e0b21 }
    :host([variant=primary][tone=critical]) button { background: #8e0b21; border-color: #8e0b21; color: #fff }
    button:disabled, button[aria-disabled=true] { opacity: .6; cursor: default }
    a { color: #005bd3 }
    .field { display: grid; grid-template-columns: minmax(0, 1fr); gap: .25rem }
    .box { display: flex; align-items: center; border: 1px solid #8a8a8a; border-radius: .5rem; background: #fff; padding: 0 .6rem; gap: .4rem }
    .box :is(input, textarea, select) { flex: 1; min-width: 0; border: 0; background: transparent; padding: .4rem 0 }
    .box:has([aria-invalid=true]) { border-color: #8e0b21; background: #fee8eb }
    .tick { display: flex; gap: .5rem; align-items: start }
    .details { color: #616161; font-size: .85rem }
    .error { color: #8e0b21; font-size: .85rem }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
    fieldset { border: 0; margin: 0; padding: 0 }
    :focus-visible { outline: 2px solid #005bd3; outline-offset: 1px }
    dialog { border: 0; border-radius: .75rem; padding: 1rem; min-width: 18rem; max-width: 90vw }
    dialog footer { display: flex; justify-content: end; gap: .5rem; margin-top: 1rem }`);

  /** An element of the shadow tree. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null && value !== false)
        element.setAttribute(key, value === true ? '' : value);
    }
    element.append(...children);
    return element;
  }
  const slot = name => make('slot', name ? { name } : {});

  class Element extends HTMLElement {
    constructor() {
      super();
      this.root = this.attachShadow({ mode: 'open', delegatesFocus: this.constructor.focusable ?? false });
      this.root.adoptedStyleSheets = [common, ...(this.constructor.sheets ?? [])];
      this.build();
    }
    connectedCallback() {
      this.sync();
    }
    attributeChangedCallback(name) {
      this.sync(name);
    }
    /** Makes the shadow tree. */
    build() {
      this.root.append(slot());
    }
    /** Brings the attributes into it. */
    sync() {}
    attr(name) {
      return this.getAttribute(name);
    }
    fire(type) {
      return this.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }));
    }
    part(selector) {
      return this.root.querySelector(selector);
    }
  }

  const styled = (css, build) =>
    class extends Element {
      static sheets = [sheetOf(css)];
      build() {
        if (build) build.call(this);
        else super.build();
      }
    };

  /** The level of a heading: below the page's own, and one more for each section around. */
  function levelOf(element) {
    let level = 2;
    for (let at = element.parentElement?.closest('s-section'); at; at = at.parentElement?.closest('s-section'))
      level += 1;
    return Math.min(level, 4);
  }

  // Layout.

  class Box extends Element {
    static display = 'block';
    sync() {
      const { style } = this;
      const get = name => this.attr(name);
      style.display = get('display') === 'none' ? 'none' : this.constructor.display;
      for (const [name, property] of [
        ['padding', 'padding'],
        ['paddingblock', 'padding-block'],
        ['paddinginline', 'padding-inline'],
        ['gap', 'gap'],
        ['rowgap', 'row-gap'],
        ['columngap', 'column-gap'],
      ]) {
        if (get(name)) style.setProperty(property, space(get(name)));
      }
      for (const [name, property] of [
        ['alignitems', 'align-items'],
        ['justifycontent', 'justify-content'],
        ['gridtemplatecolumns', 'grid-template-columns'],
        ['gridcolumn', 'grid-column'],
        ['inlinesize', 'inline-size'],
        ['maxinlinesize', 'max-inline-size'],
        ['maxblocksize', 'max-block-size'],
      ]) {
        if (get(name) && get(name) !== 'auto') style.setProperty(property, get(name));
      }
      if (get('background')) style.background = { subdued: '#f7f7f7', strong: '#ebebeb' }[get('background')] ?? '';
      if (get('border')) style.border = '1px solid #dcdcdc';
      if (get('borderradius')) style.borderRadius = '.5rem';
      style.overflowWrap = 'anywhere';
    }
  }
  class Stack extends Box {
    static display = 'flex';
    sync() {
      super.sync();
      const isInline = this.attr('direction') === 'inline';
      this.style.flexDirection = isInline ? 'row' : 'column';
      if (isInline) this.style.flexWrap = 'wrap';
    }
  }
  class Grid extends Box {
    static display = 'grid';
  }

  class Page extends Element {
    static sheets = [
      sheetOf(`:host { display: block; padding: 1rem; max-width: 62rem; margin: 0 auto }
        :host([inlinesize=small]) { max-width: 42rem } :host([inlinesize=large]) { max-width: none }
        .head { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin-bottom: 1rem } h1 { flex: 1 }
        .content, slot[name=aside] { display: flex; flex-direction: column; gap: 1rem }`),
    ];
    build() {
      const head = make('div', { class: 'head' }, slot('breadcrumb-actions'), make('h1'));
      head.append(slot('supplemental-start'), slot('secondary-actions'), slot('primary-action'));
      this.root.append(head, make('div', { class: 'content' }, slot(), slot('aside')));
    }
    sync() {
      this.part('h1').textContent = this.attr('heading') ?? '';
    }
  }

  class Section extends Element {
    static sheets = [
      sheetOf(`:host { display: block; padding: 1rem; border-radius: .75rem; background: #fff; box-shadow: 0 1px 2px #0003 }
        :host([padding=none]) { padding: 0 } :host([nested]) { padding: 0; box-shadow: none }
        .head { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
        .head:has(h2:not(:empty), h3:not(:empty), h4:not(:empty)) { margin-bottom: .5rem }
        .head :is(h2, h3, h4) { flex: 1 } :host([padding=none]) .head { padding: 1rem 1rem 0 }
        .body { display: flex; flex-direction: column; gap: .75rem }`),
    ];
    build() {
      const head = make('div', { class: 'head' }, slot('secondary-actions'), slot('primary-action'), slot('accessory'));
      const more = make('div', { class: 'details' });
      this.root.append(head, more, slot('graphic'), make('div', { class: 'body' }, slot()), slot('supplemental'));
    }
    sync() {
      const level = levelOf(this);
      this.toggleAttribute('nested', level > 2);
      this.part('h2, h3, h4')?.remove();
      const heading = this.attr('heading');
      if (heading) this.part('.head').prepend(make(`h${level}`, {}, heading));
      this.part('.details').textContent = this.attr('subheading') ?? '';
    }
  }

  class Heading extends Element {
    static sheets = [sheetOf(':host { display: block }')];
    build() {}
    sync() {
      const name = `h${levelOf(this)}`;
      if (!this.part(name)) this.root.replaceChildren(make(name, {}, slot()));
    }
  }

  class Text extends Element {
    static display = 'inline';
    sync() {
      const { style } = this;
      style.display = this.constructor.display;
      const tone = TONES[this.attr('tone')];
      style.color = tone ? tone.split(' ')[1] : this.attr('color') === 'subdued' ? '#616161' : '';
      const isStrong = this.attr('type') === 'strong' || /bold/.test(this.attr('fontweight') ?? '');
      style.fontWeight = isStrong ? '650' : '';
      style.fontSize = /^large/.test(this.attr('fontsize') ?? '') ? '1.25rem' : '';
      const isHidden = this.attr('accessibilityvisibility') === 'exclusive';
      Object.assign(
        style,
        isHidden
          ? { position: 'absolute', clipPath: 'inset(50%)', width: '1px', height: '1px', overflow: 'hidden' }
          : {},
      );
    }
  }
  class Paragraph extends Text {
    static display = 'block';
  }

  class Badge extends Element {
    static sheets = [
      sheetOf(
        ':host { display: inline-block; padding: .05rem .5rem; border-radius: .5rem; font-size: .85rem; font-weight: 550 }',
      ),
    ];
    sync() {
      const [background, color] = (TONES[this.attr('tone')] ?? '#e3e3e3 #303030').split(' ');
      Object.assign(this.style, { background, color });
    }
  }

  class Banner extends Element {
    static sheets = [
      sheetOf(`:host { display: block; padding: .75rem 1rem; border-radius: .75rem } .actions { display: flex; gap: .5rem; margin-top: .5rem }
        strong { display: block } .close { float: right; border: 0; background: transparent }`),
    ];
    build() {
      const close = make(
        'button',
        { class: 'close', type: 'button', 'aria-label': 'Dismiss' },
        make('span', { 'aria-hidden': 'true' }, '✕'),
      );
      close.addEventListener('click', () => {
        if (!this.fire('dismiss')) return;
        this.hidden = true;
        this.fire('afterhide');
      });
      const actions = make('div', { class: 'actions' }, slot('secondary-actions'));
      this.root.append(make('section', {}, close, make('strong', { id: 'heading' }), slot(), actions));
    }
    sync() {
      const [background, color] = (TONES[this.attr('tone')] ?? '#eaf4ff #00527c').split(' ');
      Object.assign(this.style, { background, color });
      this.part('strong').textContent = this.attr('heading') ?? '';
      this.part('.close').hidden = !this.hasAttribute('dismissible');
      if (this.attr('heading')) this.part('section').setAttribute('aria-labelledby', 'heading');
    }
  }

  class EmptyState extends Element {
    static sheets = [
      sheetOf(
        `:host { display: block; padding: 2rem 1rem; text-align: center } .actions { display: flex; gap: .5rem; justify-content: center; margin-top: 1rem }`,
      ),
    ];
    build() {
      const actions = make('div', { class: 'actions' }, slot('secondary-actions'), slot('primary-action'));
      this.root.append(slot('graphic'), make('div', { class: 'heading' }), slot('subheading'), actions);
    }
    sync() {
      this.part('.heading').replaceChildren(make(`h${levelOf(this)}`, {}, this.attr('heading') ?? ''));
    }
  }

  // What is said by a role alone.

  const roled = (role, css) =>
    class extends Element {
      static sheets = [sheetOf(css)];
      connectedCallback() {
        super.connectedCallback();
        if (!this.hasAttribute('role')) this.setAttribute('role', role);
      }
    };

  class Table extends Element {
    static sheets = [
      sheetOf(
        `:host { display: block } .scroll { overflow-x: auto } .table { display: table; width: 100%; border-collapse: collapse } .pages { padding: .5rem; text-align: center }`,
      ),
    ];
    build() {
      const pages = make('div', { class: 'pages' });
      for (const [text, type] of [
        ['Previous page', 'previouspage'],
        ['Next page', 'nextpage'],
      ]) {
        const button = make('button', { type: 'button', id: type }, text);
        button.addEventListener('click', () => this.fire(type));
        pages.append(button);
      }
      const table = make('div', { class: 'table', role: 'table' }, slot());
      const scroll = make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table' }, table);
      this.root.append(slot('filters'), scroll, pages);
    }
    sync() {
      // Polaris has no name for a table: it is called as what it stands in.
      const group = this.closest('[role="group"][aria-label]')?.getAttribute('aria-label');
      const name = group ?? this.closest('s-section')?.getAttribute('heading');
      this.part('.scroll').setAttribute('aria-label', name ?? 'Table');
      this.part('.pages').hidden = !this.hasAttribute('paginate');
      this.part('#previouspage').disabled = !this.hasAttribute('haspreviouspage');
      this.part('#nextpage').disabled = !this.hasAttribute('hasnextpage');
    }
  }

  // Controls.

  const run = element => {
    const target = document.getElementById(element.attr('commandfor') ?? '');
    const command = element.attr('command') ?? 'auto';
    if (command === '--show') target?.showOverlay?.();
    else if (command === '--hide') target?.hideOverlay?.();
    else target?.toggleOverlay?.();
  };

  class Button extends Element {
    static formAssociated = true;
    static focusable = true;
    static sheets = [sheetOf(':host { display: inline-block } :host([inlinesize=fill]) { display: block }')];
    build() {
      this.internals = this.attachInternals();
      this.root.addEventListener('click', event => {
        if (this.hasAttribute('loading') || this.hasAttribute('disabled')) {
          event.preventDefault();
          event.stopImmediatePropagation();
        }
      });
      this.addEventListener('click', event => {
        if (event.defaultPrevented) return;
        if (this.attr('type') === 'submit') this.internals.form?.requestSubmit();
        if (this.attr('type') === 'reset') this.internals.form?.reset();
        if (this.attr('commandfor')) run(this);
      });
    }
    sync() {
      const href = this.attr('href');
      const wanted = href === null ? 'button' : 'a';
      let control = this.part('button, a');
      if (control?.localName !== wanted) {
        const icon = make('span', { class: 'icon', 'aria-hidden': 'true' });
        control = make(
          wanted,
          wanted === 'a' ? { class: this.constructor.linkClass } : { type: 'button' },
          icon,
          slot(),
        );
        this.root.replaceChildren(control);
      }
      for (const name of ['href', 'target', 'download']) {
        if (this.attr(name) === null) control.removeAttribute(name);
        else control.setAttribute(name, this.attr(name));
      }
      if (wanted === 'button') control.disabled = this.hasAttribute('disabled');
      control.setAttribute('aria-disabled', String(this.hasAttribute('loading')));
      if (this.attr('accessibilitylabel')) control.setAttribute('aria-label', this.attr('accessibilitylabel'));
      if (this.hasAttribute('pressed')) control.setAttribute('aria-pressed', this.attr('pressed') !== 'false');
      this.part('.icon').textContent = this.attr('icon') ? (ICONS[this.attr('icon')] ?? '•') : '';
      this.part('.icon').hidden = !this.attr('icon');
    }
    click() {
      this.part('button, a')?.click();
    }
  }
  Button.linkClass = 'link-button';

  class Link extends Button {
    static sheets = [
      sheetOf(
        ':host { display: inline } a, button { display: inline; border: 0; padding: 0; background: none; color: #005bd3; text-decoration: underline }',
      ),
    ];
  }
  Link.linkClass = 'link';

  class Field extends Element {
    static formAssociated = true;
    static focusable = true;
    static sheets = [sheetOf(':host { display: block }')];
    build() {
      this.internals = this.attachInternals();
      this.control = this.makeControl();
      this.control.id = 'control';
      this.arrange(make('label', { for: 'control' }));
      const details = make('div', { class: 'details', id: 'details' });
      const error = make('div', { class: 'error', id: 'error' });
      this.part('.field').append(details, error);
      this.control.addEventListener('input', () => this.touched());
      this.control.addEventListener('change', () => {
        this.touched();
        this.fire('change');
      });
    }
    makeControl() {
      return make('input', { type: this.constructor.type ?? 'text' });
    }
    arrange(label) {
      const box = make(
        'div',
        { class: 'box' },
        make('span', { class: 'prefix' }),
        this.control,
        make('span', { class: 'suffix' }),
        slot('accessory'),
      );
      this.root.append(make('div', { class: 'field' }, label, box));
    }
    connectedCallback() {
      super.connectedCallback();
      this.hold();
    }
    touched() {
      this.isDirty = true;
      this.hold();
    }
    hold() {
      this.internals.setFormValue(this.value);
    }
    formResetCallback() {
      this.isDirty = false;
      this.sync();
      this.hold();
    }
    sync(changed) {
      const { control } = this;
      for (const name of [
        'placeholder',
        'maxlength',
        'minlength',
        'min',
        'max',
        'step',
        'rows',
        'autocomplete',
        'inputmode',
        'readonly',
        'required',
      ]) {
        if (this.attr(name) !== null) control.setAttribute(name, this.attr(name));
        else control.removeAttribute(name);
      }
      control.disabled = this.hasAttribute('disabled');
      this.part('label').textContent = this.attr('label') ?? '';
      this.part('label').className = this.attr('labelaccessibilityvisibility') === 'exclusive' ? 'hidden' : '';
      if (this.attr('accessibilitylabel')) control.setAttribute('aria-label', this.attr('accessibilitylabel'));
      this.part('#details').textContent = this.attr('details') ?? '';
      this.part('#error').textContent = this.attr('error') ?? '';
      control.setAttribute('aria-describedby', 'details error');
      control.setAttribute('aria-invalid', String(Boolean(this.attr('error'))));
      for (const name of ['prefix', 'suffix']) {
        const part = this.part(`.${name}`);
        if (part) part.textContent = this.attr(name) ?? '';
      }
      this.begin(changed);
    }
    begin() {
      if (!this.isDirty) this.control.value = this.attr('value') ?? '';
    }
    get value() {
      return this.control.value;
    }
    set value(value) {
      this.isDirty = true;
      this.control.value = value ?? '';
      this.hold();
    }
    get form() {
      return this.internals.form;
    }
    get defaultValue() {
      return this.attr('value') ?? '';
    }
  }
  const fieldOf = type =>
    class extends Field {
      static type = type;
    };

  class TextArea extends Field {
    makeControl() {
      return make('textarea');
    }
  }

  class Tick extends Field {
    makeControl() {
      return make('input', { type: 'checkbox' });
    }
    arrange(label) {
      this.root.append(make('div', { class: 'field' }, make('div', { class: 'tick' }, this.control, label)));
    }
    hold() {
      this.internals.setFormValue(this.control.checked ? this.value : null);
    }
    begin() {
      if (!this.isDirty) this.control.checked = this.hasAttribute('checked');
      this.control.indeterminate = this.hasAttribute('indeterminate');
    }
    get value() {
      return this.attr('value') ?? 'on';
    }
    set value(value) {
      this.setAttribute('value', value);
    }
    get checked() {
      return this.control.checked;
    }
    set checked(isChecked) {
      this.isDirty = true;
      this.control.checked = Boolean(isChecked);
      this.hold();
    }
  }
  class Switch extends Tick {
    makeControl() {
      return make('input', { type: 'checkbox', role: 'switch' });
    }
  }

  class Select extends Field {
    makeControl() {
      new MutationObserver(() => this.begin()).observe(this, {
        childList: true,
        subtree: true,
        characterData: true,
        attributes: true,
      });
      return make('select');
    }
    begin() {
      const { control } = this;
      const before = this.isDirty ? control.value : undefined;
      const optionOf = option =>
        make(
          'option',
          { value: option.getAttribute('value') ?? '', disabled: option.hasAttribute('disabled') },
          option.textContent,
        );
      const mirrored = [...this.children].flatMap(child => {
        if (child.localName === 's-option') return optionOf(child);
        if (child.localName !== 's-option-group') return [];
        return make('optgroup', { label: child.getAttribute('label') }, ...[...child.children].map(optionOf));
      });
      const placeholder = this.attr('placeholder');
      control.replaceChildren(
        ...(placeholder ? [make('option', { value: '', disabled: true }, placeholder)] : []),
        ...mirrored,
      );
      const chosen = before ?? this.attr('value') ?? this.querySelector('s-option[selected]')?.getAttribute('value');
      if (chosen !== undefined && chosen !== null) control.value = chosen;
      else control.selectedIndex = control.options.length > 0 ? 0 : -1;
      this.hold();
    }
  }

  class ChoiceList extends Element {
    static formAssociated = true;
    static focusable = true;
    static sheets = [sheetOf(':host { display: block }')];
    build() {
      this.internals = this.attachInternals();
      const set = make(
        'fieldset',
        { class: 'field' },
        make('legend'),
        make('div', { class: 'details' }),
        make('div', { class: 'choices' }),
      );
      this.root.append(set, make('div', { class: 'error' }));
      new MutationObserver(() => this.sync()).observe(this, {
        childList: true,
        subtree: true,
        characterData: true,
        attributes: true,
      });
    }
    sync() {
      const kept = this.isDirty ? this.values : undefined;
      const type = this.hasAttribute('multiple') ? 'checkbox' : 'radio';
      this.part('legend').textContent = this.attr('label') ?? '';
      this.part('legend').className = this.attr('labelaccessibilityvisibility') === 'exclusive' ? 'hidden' : '';
      this.part('.details').textContent = this.attr('details') ?? '';
      this.part('.error').textContent = this.attr('error') ?? '';
      const choices = [...this.children].filter(({ localName }) => localName === 's-choice');
      this.part('.choices').replaceChildren(
        ...choices.map(choice => {
          const value = choice.getAttribute('value') ?? '';
          const control = make('input', { type, name: 'choice', value });
          control.checked = kept ? kept.includes(value) : choice.hasAttribute('selected');
          control.disabled = this.hasAttribute('disabled') || choice.hasAttribute('disabled');
          control.addEventListener('input', () => this.touched());
          control.addEventListener('change', () => this.fire('change'));
          const text = [...choice.childNodes]
            .filter(node => !node.slot)
            .map(node => node.textContent)
            .join('')
            .trim();
          const details = [...choice.children]
            .filter(({ slot }) => slot === 'details')
            .map(node => node.textContent)
            .join(' ');
          return make(
            'label',
            { class: 'tick' },
            control,
            make('span', {}, text, make('div', { class: 'details' }, details)),
          );
        }),
      );
      this.hold();
    }
    get values() {
      return [...this.root.querySelectorAll('input:checked')].map(({ value }) => value);
    }
    set values(values) {
      this.isDirty = true;
      for (const control of this.root.querySelectorAll('input')) control.checked = values.includes(control.value);
      this.hold();
    }
    touched() {
      this.isDirty = true;
      this.hold();
    }
    hold() {
      const data = new FormData();
      for (const value of this.values) data.append(this.attr('name') ?? '', value);
      this.internals.setFormValue(data);
    }
    formResetCallback() {
      this.isDirty = false;
      this.sync();
    }
  }

  // What lies over the page.

  class Modal extends Element {
    build() {
      const footer = make('footer', {}, slot('secondary-actions'), slot('primary-action'));
      const dialog = make('dialog', { 'aria-labelledby': 'heading' }, make('h2', { id: 'heading' }), slot(), footer);
      dialog.addEventListener('close', () => {
        this.fire('hide');
        this.fire('afterhide');
      });
      this.root.append(dialog);
    }
    sync() {
      this.part('h2').textContent = this.attr('heading') ?? '';
      if (this.attr('accessibilitylabel'))
        this.part('dialog').setAttribute('aria-label', this.attr('accessibilitylabel'));
    }
    showOverlay() {
      if (this.part('dialog').open) return;
      this.part('dialog').showModal();
      this.fire('show');
      this.fire('aftershow');
    }
    hideOverlay() {
      this.part('dialog').close();
    }
    toggleOverlay() {
      if (this.part('dialog').open) this.hideOverlay();
      else this.showOverlay();
    }
  }

  class Popover extends Element {
    static sheets = [
      sheetOf(
        ':host { display: none } :host([open]) { display: block; padding: .5rem; border: 1px solid #dcdcdc; border-radius: .5rem; background: #fff }',
      ),
    ];
    showOverlay() {
      this.setAttribute('open', '');
      this.fire('show');
    }
    hideOverlay() {
      this.removeAttribute('open');
      this.fire('hide');
    }
    toggleOverlay() {
      if (this.hasAttribute('open')) this.hideOverlay();
      else this.showOverlay();
    }
  }

  class Picture extends Element {
    static sheets = [
      sheetOf(
        ':host { display: inline-block } img { max-width: 100%; display: block; border-radius: .5rem } :host([small]) img { width: 2.5rem; height: 2.5rem; object-fit: cover }',
      ),
    ];
    build() {
      this.root.append(make('img'));
    }
    sync() {
      this.toggleAttribute('small', this.localName !== 's-image');
      if (this.attr('src')) this.part('img').src = this.attr('src');
      this.part('img').alt = this.attr('alt') ?? '';
    }
  }

  class Spinner extends Element {
    static sheets = [
      sheetOf(
        ':host { display: inline-block } div { width: 1.25rem; height: 1.25rem; border: 3px solid #dcdcdc; border-top-color: #303030; border-radius: 50% }',
      ),
    ];
    build() {
      this.root.append(make('div', { role: 'img' }));
    }
    sync() {
      this.part('div').setAttribute('aria-label', this.attr('accessibilitylabel') ?? 'Loading');
    }
  }

  class Progress extends Element {
    build() {
      this.root.append(make('progress'));
    }
    sync() {
      const bar = this.part('progress');
      if (this.attr('value')) bar.value = Number(this.attr('value'));
      bar.max = Number(this.attr('max') ?? 1);
      bar.setAttribute('aria-label', this.attr('accessibilitylabel') ?? 'Progress');
    }
  }

  class Icon extends Element {
    build() {
      this.root.append(make('span', { 'aria-hidden': 'true' }));
    }
    sync() {
      this.part('span').textContent = ICONS[this.attr('type')] ?? '•';
    }
  }

  const special = {
    's-page': Page,
    's-section': Section,
    's-stack': Stack,
    's-grid': Grid,
    's-box': Box,
    's-grid-item': Box,
    's-scroll-box': Box,
    's-query-container': Box,
    's-heading': Heading,
    's-text': Text,
    's-number': Text,
    's-paragraph': Paragraph,
    's-badge': Badge,
    's-chip': Badge,
    's-banner': Banner,
    's-empty-state': EmptyState,
    's-divider': styled(':host { display: block; border-top: 1px solid #dcdcdc }'),
    's-unordered-list': roled('list', ':host { display: block; padding-left: 1.25rem; list-style: disc }'),
    's-ordered-list': roled('list', ':host { display: block; padding-left: 1.25rem; list-style: decimal }'),
    's-list-item': roled('listitem', ':host { display: list-item }'),
    's-table': Table,
    's-table-header-row': roled('row', ':host { display: table-row; text-align: left; color: #616161 }'),
    's-table-header': roled('columnheader', ':host { display: table-cell; padding: .5rem; font-weight: 550 }'),
    's-table-body': roled('rowgroup', ':host { display: table-row-group }'),
    's-table-row': roled('row', ':host { display: table-row }'),
    's-table-cell': roled(
      'cell',
      ':host { display: table-cell; padding: .5rem; border-top: 1px solid #ebebeb; vertical-align: top; overflow-wrap: anywhere }',
    ),
    's-button': Button,
    's-press-button': Button,
    's-clickable': Button,
    's-clickable-chip': Button,
    's-button-group': styled(':host { display: flex; gap: .5rem }', function () {
      this.root.append(slot(), slot('secondary-actions'), slot('primary-action'));
    }),
    's-link': Link,
    's-text-field': Field,
    's-search-field': fieldOf('search'),
    's-email-field': fieldOf('email'),
    's-url-field': fieldOf('url'),
    's-password-field': fieldOf('password'),
    's-number-field': fieldOf('number'),
    's-money-field': fieldOf('number'),
    's-date-field': fieldOf('date'),
    's-date-picker': fieldOf('date'),
    's-color-field': Field,
    's-color-picker': fieldOf('color'),
    's-drop-zone': fieldOf('file'),
    's-text-area': TextArea,
    's-checkbox': Tick,
    's-switch': Switch,
    's-select': Select,
    's-choice-list': ChoiceList,
    's-modal': Modal,
    's-popover': Popover,
    's-menu': Popover,
    's-tooltip': Popover,
    's-image': Picture,
    's-thumbnail': Picture,
    's-avatar': Picture,
    's-spinner': Spinner,
    's-progress': Progress,
    's-icon': Icon,
  };

  for (const [tag, attributes, slots] of POLARIS_MANIFEST) {
    const Base =
      special[tag] ??
      class extends Element {
        build() {
          this.root.append(...slots.map(slot));
        }
      };
    const names = [...new Set([...attributes.map(([name]) => name), 'inputmode', 'role'])];
    class Defined extends Base {
      static observedAttributes = names.filter(name => name !== 'role' && name !== 'style');
    }
    for (const [name, isBoolean] of attributes) {
      if (name in Defined.prototype) continue;
      Object.defineProperty(Defined.prototype, name, {
        configurable: true,
        get() {
          return isBoolean ? this.hasAttribute(name) : (this.getAttribute(name) ?? '');
        },
        set(value) {
          if (isBoolean) this.toggleAttribute(name, Boolean(value));
          else this.setAttribute(name, value);
        },
      });
    }
    customElements.define(tag, Defined);
  }

  document.adoptedStyleSheets.push(
    sheetOf('body { margin: 0; background: #f1f1f1; color: #303030; font: 14px/1.5 Inter, system-ui, sans-serif }'),
  );
}
