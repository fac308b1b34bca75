// The Shopify admin around an app: menu, save bar, toasts, and the answers to stubs/app-bridge.js.
{
  const { apiKey, tokenUrl, scopesUrl, extensionsUrl, base, root } = JSON.parse(
    document.getElementById('admin-config').textContent,
  );
  const frame = document.querySelector('iframe');
  const $ = id => document.getElementById(id);
  const send = message => frame.contentWindow.postMessage({ admin: apiKey, ...message }, '*');
  const json = async (url, body) => (await fetch(url, body && { method: 'POST', body: JSON.stringify(body) })).json();
  let bar;

  function showBar(id) {
    bar = id;
    $('save-bar').hidden = id === undefined;
  }

  function choose(dialog) {
    dialog.showModal();
    const { promise, resolve } = Promise.withResolvers();
    const decided = new AbortController();
    const decide = isYes => {
      decided.abort();
      resolve(isYes);
    };
    // Not its "close", which comes later, perhaps when it is open once more.
    dialog.addEventListener('click', ({ target }) => target.value && decide(target.value === 'yes'), decided);
    dialog.addEventListener('cancel', () => decide(false), decided);
    return promise;
  }

  const calls = {
    idToken: async () => (await json(tokenUrl)).idToken,
    extensions: () => json(extensionsUrl),
    scopes: () => json(scopesUrl),

    async requestScopes(scopes) {
      const { granted } = await json(scopesUrl);
      if (scopes.every(scope => granted.includes(scope))) return { result: 'granted-all' };
      $('scopes')
        .querySelector('ul')
        .replaceChildren(...scopes.map(scope => Object.assign(document.createElement('li'), { textContent: scope })));
      if (!(await choose($('scopes')))) return { result: 'declined-all' };
      await json(scopesUrl, { scopes });
      return { result: 'granted-all' };
    },

    toast(message, isError) {
      const toast = Object.assign(document.createElement('p'), { textContent: message });
      toast.className = isError ? 'error' : '';
      $('toasts').replaceChildren(toast);
    },
    hideToast: () => $('toasts').replaceChildren(),
    loading: isLoading => {
      $('loading').hidden = !isLoading;
    },

    showSaveBar: showBar,
    hideSaveBar: () => showBar(undefined),
    toggleSaveBar: id => showBar(bar === undefined ? id : undefined),
    async leaveConfirmation() {
      if (bar !== undefined && !(await choose($('leave')))) return new Promise(() => {});
      showBar(undefined);
    },

    /** The first that a new document says: the one that was left has taken its save bar with it. */
    menu(entries) {
      showBar(undefined);
      $('menu').replaceChildren(
        ...entries.map(({ href, text }) => {
          const link = Object.assign(document.createElement('a'), { href: base + href, textContent: text });
          link.addEventListener('click', event => {
            event.preventDefault();
            send({ event: 'navigate', href });
          });
          const entry = document.createElement('li');
          entry.append(link);
          return entry;
        }),
      );
    },
    place(path, title) {
      document.title = `${title} · Shopify`;
      history.replaceState(null, '', path === root ? base : base + path);
      for (const link of document.querySelectorAll('#menu a')) {
        const isHere = link.getAttribute('href') === base + path;
        if (isHere) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
  };

  addEventListener('message', async ({ source, data }) => {
    if (source !== frame.contentWindow || data?.appBridge !== apiKey) return;
    const result = await calls[data.call]?.(...data.args);
    send({ id: data.id, result });
  });
  $('save').addEventListener('click', () => send({ event: 'save-bar', bar, primary: true }));
  $('discard').addEventListener('click', () => send({ event: 'save-bar', bar, primary: false }));
  $('home').addEventListener('click', event => {
    event.preventDefault();
    send({ event: 'navigate', href: root });
  });

  frame.src = frame.dataset.src;
}
