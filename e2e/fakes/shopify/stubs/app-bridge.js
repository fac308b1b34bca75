// What https://cdn.shopify.com/shopifycloud/app-bridge.js does for the app's pages, as far as they use it. It speaks with
// stubs/admin.js in the frame around it, by messages.
{
  const script = document.currentScript;
  const apiKey = document.querySelector('meta[name="shopify-api-key"]')?.content;
  if (!apiKey) throw new Error('App Bridge: the page has no <meta name="shopify-api-key">.');
  if (script !== document.scripts[0] || script.async || script.defer || script.type === 'module') {
    throw new Error('App Bridge has to be the first script of the page, without async, defer or type="module".');
  }
  const query = new URLSearchParams(location.search);
  const waiting = new Map();
  let last = 0;

  /** Asks the admin around us. What it cannot do it never answers, as there is none around a page by itself. */
  const ask = (call, ...args) =>
    new Promise(resolve => {
      last += 1;
      waiting.set(last, resolve);
      parent.postMessage({ appBridge: apiKey, id: last, call, args }, '*');
    });
  const tell = (call, ...args) => void ask(call, ...args);

  addEventListener('message', ({ source, data }) => {
    if (source !== parent || data?.admin !== apiKey) return;
    if (data.event === 'navigate') return navigate(data.href);
    if (data.event === 'save-bar') return press(data.bar, data.primary);
    waiting.get(data.id)?.(data.result);
    waiting.delete(data.id);
  });

  // The menu.

  const entries = () => [...document.querySelectorAll('s-app-nav > s-link[href], s-app-nav > a[href]')];

  function tellMenu() {
    tell(
      'menu',
      entries()
        .filter(entry => entry.getAttribute('rel') !== 'home')
        .map(entry => ({ href: entry.getAttribute('href'), text: entry.textContent.trim() })),
    );
    tell('place', location.pathname, document.title);
  }

  function navigate(href) {
    const entry = entries().find(each => each.getAttribute('href') === href);
    entry?.dispatchEvent(new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true }));
  }

  for (const name of ['pushState', 'replaceState']) {
    const real = history[name].bind(history);
    history[name] = (...args) => {
      real(...args);
      tell('place', location.pathname, document.title);
    };
  }
  addEventListener('popstate', () => tell('place', location.pathname, document.title));

  // The save bar: of a ui-save-bar, or of a form with data-save-bar.

  const barOf = id => document.getElementById(id) ?? document.querySelector(`form[data-save-bar="${id}"]`);
  const buttonsOf = bar => {
    const all = [...bar.querySelectorAll('button')];
    const primary = all.find(({ attributes }) => attributes.variant?.value === 'primary');
    return { primary, secondary: all.find(each => each !== primary) };
  };

  function press(id, isPrimary) {
    const bar = barOf(id);
    if (bar?.localName === 'form') return isPrimary ? bar.requestSubmit() : bar.reset();
    const { primary, secondary } = buttonsOf(bar);
    (isPrimary ? primary : secondary)?.click();
  }

  const saveBar = {
    async show(id) {
      if (barOf(id)?.localName !== 'ui-save-bar') throw new Error(`App Bridge: no ui-save-bar has the id ${id}.`);
      await ask('showSaveBar', id);
    },
    hide: id => ask('hideSaveBar', id),
    toggle: id => ask('toggleSaveBar', id),
    /** Settles once nothing unsaved is in the way, or the merchant has given it up. */
    leaveConfirmation: () => ask('leaveConfirmation'),
  };

  const formId = form => {
    form.dataset.saveBar ||= `form-${[...document.forms].indexOf(form)}`;
    return form.dataset.saveBar;
  };
  for (const [type, does] of [
    ['input', 'showSaveBar'],
    ['change', 'showSaveBar'],
    ['submit', 'hideSaveBar'],
    ['reset', 'hideSaveBar'],
  ]) {
    document.addEventListener(type, ({ target }) => {
      const form = target.closest('form[data-save-bar]');
      if (form) tell(does, formId(form));
    });
  }

  // Requests to our own origin carry an ID token of their own.

  const idToken = () => ask('idToken');
  const realFetch = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (new URL(request.url).origin !== location.origin || request.headers.has('Authorization'))
      return realFetch(request);
    const send = async () => {
      const copy = request.clone();
      copy.headers.set('Authorization', `Bearer ${await idToken()}`);
      return realFetch(copy);
    };
    const response = await send();
    const isStale = response.status === 401 && response.headers.has('X-Shopify-Retry-Invalid-Session-Request');
    return isStale ? send() : response;
  };

  window.shopify = {
    config: { apiKey, shop: query.get('shop'), host: query.get('host'), locale: query.get('locale') ?? 'en' },
    idToken,
    toast: {
      show: (message, { isError = false } = {}) => {
        tell('toast', String(message), isError);
        return String(message);
      },
      hide: message => tell('hideToast', message),
    },
    saveBar,
    loading: (isLoading = true) => tell('loading', isLoading),
    app: { extensions: () => ask('extensions') },
    scopes: { query: () => ask('scopes'), request: scopes => ask('requestScopes', scopes) },
  };

  // Some text of the app's own must not appear where App Bridge takes it away.
  const hidden = new CSSStyleSheet();
  hidden.replaceSync('s-app-nav, ui-nav-menu, ui-save-bar { display: none }');
  document.adoptedStyleSheets.push(hidden);

  const reload = query.get('shopify-reload');
  if (reload) {
    void idToken().then(token => {
      const url = new URL(reload);
      url.searchParams.set('id_token', token);
      location.replace(url);
    });
  } else addEventListener('DOMContentLoaded', tellMenu);
}
