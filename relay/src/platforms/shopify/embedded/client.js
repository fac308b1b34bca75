/* global shopify */
// The embedded admin in the browser. What the pages ask of it, by attributes, stands in assets.ts.
{
  const ROOT = '/shopify/app';
  const SAVE_BAR = 'confab-save-bar';
  const OFFLINE = 'You are offline. Nothing is lost; please try again when you are back.';
  const AWAY = 'Confab cannot be reached at the moment. Nothing is lost; please try again.';
  const PATIENCE_MS = 60_000;

  const script = document.currentScript.getAttribute('src');
  const address = () => location.pathname + location.search;
  const main = () => document.getElementById('page');
  const say = (message, isError = false) => shopify.toast.show(message, { isError });
  const sayLost = () => say(navigator.onLine ? AWAY : OFFLINE, true);

  /** By these a page can be loaded again in its frame, and stays in the merchant's language. */
  const context = [...new URLSearchParams(location.search)].filter(([name]) =>
    /^(shop|host|embedded|locale)$/.test(name),
  );

  function placeOf(href) {
    const url = new URL(href, location.href);
    for (const [name, value] of context) url.searchParams.set(name, value);
    return url.pathname + url.search + url.hash;
  }

  let shown = address();
  /** The page as the relay sent it. */
  let source;
  let turn = 0;
  let timer;
  /** What each form held when it was last saved. */
  const saved = new WeakMap();

  // Requests: each with an ID token of its own, since one lives for a minute.

  async function ask(url, { body, ms = PATIENCE_MS, isSecond = false } = {}) {
    const headers = { Authorization: `Bearer ${await shopify.idToken()}` };
    if (body) headers['Content-Type'] = 'application/json';
    const response = await fetch(placeOf(url), {
      headers,
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      ...(ms && { signal: AbortSignal.timeout(ms) }),
    });
    const isStale = response.status === 401 && response.headers.has('X-Shopify-Retry-Invalid-Session-Request');
    return isStale && !isSecond ? ask(url, { body, ms, isSecond: true }) : response;
  }

  /** Does the work unless it is under way already, and says so where nobody answers. */
  async function once(element, work) {
    if (element.dataset.busy) return;
    element.dataset.busy = 'yes';
    element.loading = true;
    try {
      return await work();
    } catch {
      sayLost();
    } finally {
      delete element.dataset.busy;
      element.loading = false;
    }
  }

  async function post(url, body) {
    const response = await ask(url, { body });
    return { ok: response.ok, ...(await response.json()) };
  }

  // Pages.

  /** With `keep`, what was typed meanwhile is worth more than a fresh page; with `quiet`, nobody has asked for it. */
  async function go(url, { push = true, quiet = false, keep = false } = {}) {
    const mine = ++turn;
    if (!quiet) shopify.loading(true);
    try {
      const response = await ask(url);
      const text = await response.text();
      if (mine !== turn) return;
      if (!response.ok) {
        // What is no problem of ours is of something between us, which says nothing that helps.
        const { detail } = JSON.parse(text);
        if (!quiet) say(detail, true);
        return stay();
      }
      const page = new DOMParser().parseFromString(text, 'text/html');
      const next = page.getElementById('page');
      // Whatever is no page of this version of the app is the browser's to load.
      if (!next || !page.querySelector(`script[src="${script}"]`)) return location.assign(placeOf(url));
      if (keep && main().querySelector('[data-changed]')) return;
      const isNews = !quiet || next.outerHTML !== source;
      source = next.outerHTML;
      if (!isNews) return;
      document.title = page.title;
      if (push) history.pushState(null, '', placeOf(url));
      show(next, push);
    } catch {
      if (mine !== turn) return;
      if (!quiet) sayLost();
      stay();
    } finally {
      if (mine === turn) {
        if (!quiet) shopify.loading(false);
        poll();
      }
    }
  }

  const refresh = ({ quiet = false } = {}) => go(shown, { push: false, keep: true, quiet });

  /** Where the browser has gone back already, and the page has not. */
  function stay() {
    if (address() !== shown) history.pushState(null, '', shown);
  }

  function show(next, isNew) {
    const before = main();
    const focused = document.activeElement;
    const said = each => `${each.getAttribute('name')} ${each.textContent}`;
    const alike = inside =>
      [...inside.querySelectorAll(focused.localName)].filter(each => said(each) === said(focused));
    const place = alike(before).indexOf(focused);
    shown = address();
    if (before.querySelector('ui-save-bar')) shopify.saveBar.hide(SAVE_BAR);
    before.replaceWith(document.adoptNode(next));
    begin();
    next.tabIndex = -1;
    if (isNew) {
      next.focus();
      scrollTo(0, 0);
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
    } else if (before.contains(focused)) (alike(next)[place] ?? next).focus();
  }

  /** Goes to another page, unless the merchant would rather stay with what is not saved. */
  async function leave(url) {
    await shopify.saveBar.leaveConfirmation();
    await go(url);
  }

  function begin() {
    for (const form of document.querySelectorAll('form[data-action]')) {
      if ('guard' in form.dataset) form.append(saveBarOf(form));
      saved.set(form, valuesOf(form));
      depend(form);
    }
    for (const badge of document.querySelectorAll('[data-extension-status]')) tellExtension(badge);
    poll();
  }

  function poll() {
    clearTimeout(timer);
    const seconds = main().querySelector('[data-poll]')?.dataset.poll;
    if (seconds) timer = setTimeout(reloadWhenSeen, seconds * 1_000);
  }

  function reloadWhenSeen() {
    if (document.hidden) document.addEventListener('visibilitychange', reloadWhenSeen, { once: true });
    else refresh({ quiet: true });
  }

  async function tellExtension(badge) {
    const extensions = await shopify.app.extensions().catch(() => []);
    const embeds = extensions.filter(({ type }) => type === 'theme_app_extension').flatMap(each => each.activations);
    const isOn = embeds.some(({ status }) => status === 'active');
    badge.textContent = isOn ? 'Done' : 'To do';
    badge.setAttribute('tone', isOn ? 'success' : 'auto');
  }

  // Forms. A field's path is its name behind the lists and rows that it stands in.

  function* fieldsIn(element, path = []) {
    let index = 0;
    for (const child of element.children) {
      const { list, row } = child.dataset;
      const at = list !== undefined ? [...path, list] : row !== undefined ? [...path, row || index++] : path;
      const name = child.getAttribute('name');
      if (name === null) yield* fieldsIn(child, at);
      else yield [[...at, name].filter(part => part !== '').join('.'), child];
    }
  }

  const isTick = field => field.type === 'checkbox' || /^s-(checkbox|switch)$/.test(field.localName);
  const heldBy = field => (isTick(field) ? field.checked : (field.values ?? field.value));
  const valuesOf = form => Object.fromEntries([...fieldsIn(form)].map(([path, field]) => [path, heldBy(field)]));

  function saveBarOf(form) {
    const save = make('button', { variant: 'primary' }, 'Save');
    const discard = make('button', {}, 'Discard');
    save.type = discard.type = 'button';
    save.onclick = () => send(form);
    discard.onclick = () => go(shown, { push: false });
    return make('ui-save-bar', { id: SAVE_BAR }, save, discard);
  }

  function changed(form) {
    depend(form);
    const isChanged = JSON.stringify(valuesOf(form)) !== JSON.stringify(saved.get(form));
    if (isChanged === 'changed' in form.dataset) return;
    form.toggleAttribute('data-changed', isChanged);
    if ('guard' in form.dataset) shopify.saveBar[isChanged ? 'show' : 'hide'](SAVE_BAR);
  }

  /** Hides what does not matter while a box is ticked, or is not. */
  function depend(form) {
    for (const part of form.querySelectorAll('[data-unless]')) {
      part.hidden = form.querySelector(`[name="${part.dataset.unless}"]`).checked;
    }
    for (const part of form.querySelectorAll('[data-only-with]')) {
      part.hidden = !form.querySelector(`[name="${part.dataset.onlyWith}"]`).checked;
    }
  }

  /** The whole form; where it minds what others save meanwhile, also as it was. */
  const send = (form, more) =>
    once(form, async () => {
      for (const wrong of form.querySelectorAll('[error]')) wrong.removeAttribute('error');
      for (const place of form.querySelectorAll('[data-error]')) place.textContent = '';
      const focused = document.activeElement;
      const values = valuesOf(form);
      const base = form.querySelector('[data-conflict]') && { base: saved.get(form) };
      form.inert = true;
      const answer = await post(form.dataset.action, { ...values, ...base, ...more }).finally(() => {
        form.inert = false;
        focused.focus();
      });
      if (!answer.ok) return tellProblem(form, answer);
      // Also where the page does not come anew, the form minds only what others save from here on.
      if (answer.version) form.querySelector('[name="version"]').value = values.version = answer.version;
      saved.set(form, values);
      changed(form);
      say(answer.message);
      if (form.dataset.to) await go(form.dataset.to);
      else if (answer.reload) refresh();
    });

  function tellProblem(form, { code, detail, errors = [], current }) {
    say(detail, true);
    const fields = new Map(fieldsIn(form));
    const places = [...form.querySelectorAll('[data-error]')];
    let first;
    for (const { path, message } of errors) {
      const place = places.find(({ dataset }) => `${path}.`.startsWith(`${dataset.error}.`));
      const inside = [...fields.keys()].find(each => `${each}.`.startsWith(`${path}.`));
      const field = fields.get(path) ?? (place?.dataset.error === path ? undefined : fields.get(inside));
      if (field) field.setAttribute('error', message);
      else if (place) place.textContent = `${place.textContent} ${message}`.trim();
      first ??= field ?? place;
      const hidden = (field ?? place)?.closest('[data-only-with]');
      if (hidden) hidden.hidden = false;
    }
    const conflict = code === 'precondition_failed' && form.querySelector('[data-conflict]');
    if (conflict) {
      conflict.hidden = false;
      conflict.dataset.version = current.version;
    }
    (conflict || first)?.scrollIntoView({ block: 'center' });
    (conflict ? conflict.querySelector('[data-settle]') : first)?.focus();
  }

  // Rows of lists.

  function add(button) {
    const { add: list, by, keyed } = button.dataset;
    const scope = button.closest('[data-row], form');
    const into = scope.querySelector(`[data-list="${list}"]`);
    const selects = by ? by.split(' ').map(id => document.getElementById(id)) : [];
    const key = selects.map(({ value }) => value).join('.');
    const known = keyed !== undefined && [...into.children].find(({ dataset }) => dataset.row === key);
    if (known) return firstField(known).focus();
    const from = button.dataset.from ?? (keyed === undefined && key ? `${list}.${key}` : list);
    const template = scope.querySelector(`template[data-rows="${from}"]`);
    const rows = [...template.content.cloneNode(true).children];
    if (into.children.length + rows.length > Number(into.dataset.max ?? Infinity)) {
      return say(`There is no room for more than ${into.dataset.max}.`, true);
    }
    const name = selects.map(each => each.querySelector(`[value="${each.value}"]`).textContent).join(': ');
    for (const row of rows) {
      if (keyed !== undefined) row.dataset.row = key;
      for (const each of row.querySelectorAll('*')) {
        for (const attribute of each.attributes) attribute.value = attribute.value.replace('{}', name);
        if ('unique' in each.dataset) each.setAttribute('value', unique(into, each.getAttribute('name'), each));
      }
    }
    into.append(...rows);
    firstField(rows[0])?.focus();
    changed(button.closest('form'));
  }

  const firstField = row => row.querySelector('[name]:not([type="hidden"])');

  function unique(list, name, field) {
    const wanted = field.getAttribute('value');
    const taken = [...list.querySelectorAll(`[name="${name}"]`)].map(({ value }) => value);
    for (let number = 2, value = wanted; ; value = wanted + number++) if (!taken.includes(value)) return value;
  }

  function remove(button) {
    const row = button.closest('[data-row]');
    const form = row.closest('form');
    const near = row.nextElementSibling ?? row.previousElementSibling;
    const adder = [...form.querySelectorAll('[data-add]')].find(
      each => each.dataset.add === row.parentElement.dataset.list,
    );
    row.remove();
    (near?.querySelector('[data-remove]') ?? adder)?.focus();
    changed(form);
  }

  function move(button) {
    const row = button.closest('[data-row]');
    if (button.dataset.move === 'up') row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    button.focus();
    changed(row.closest('form'));
  }

  // What can be clicked.

  const act = button =>
    once(button, async () => {
      const place = button.closest('[data-answered]')?.querySelector('[role="status"]');
      if (place) place.textContent = '';
      const answer = await post(button.dataset.post, {});
      const words = answer.ok ? answer.message : answer.detail;
      // What has to be read at leisure stays beside the button.
      if (place) place.textContent = words;
      else say(words, !answer.ok);
      if (answer.ok && answer.reload) await refresh();
    });

  const download = link =>
    once(link, async () => {
      // However long it takes.
      const response = await ask(link.getAttribute('href'), { ms: 0 });
      if (!response.ok) return say((await response.json()).detail, true);
      const href = URL.createObjectURL(await response.blob());
      make('a', { href, download: link.dataset.download }).click();
      // Some browsers read it only later.
      setTimeout(() => URL.revokeObjectURL(href), PATIENCE_MS);
    });

  const requestScopes = button =>
    once(button, async () => {
      const { result } = await shopify.scopes.request(button.dataset.requestScopes.split(','));
      if (result !== 'granted-all') return say('Nothing was changed: the permission was not given.');
      say('Thank you: the permission is given.');
      await refresh();
    });

  const settle = ({ dataset, parentElement }) => {
    const form = parentElement.closest('form');
    if (dataset.settle === 'theirs') return go(shown, { push: false });
    const { version } = form.querySelector('[data-conflict]').dataset;
    return send(form, { version });
  };

  const clicks = {
    '[data-post]': act,
    '[data-request-scopes]': requestScopes,
    '[data-download]': download,
    '[data-settle]': settle,
    '[data-add]': add,
    '[data-remove]': remove,
    '[data-move]': move,
    'a[href], s-link[href], s-button[href], s-clickable[href]': link => leave(link.getAttribute('href')),
  };

  document.addEventListener('click', event => {
    const isPlain = !(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (event.defaultPrevented || !isPlain) return;
    for (const [selector, does] of Object.entries(clicks)) {
      const found = event.target.closest(selector);
      if (!found) continue;
      const href = found.getAttribute('href') ?? ROOT;
      const isElsewhere = !href.startsWith(ROOT) || /_top|_blank/.test(found.getAttribute('target'));
      // The menu is App Bridge's, and what leads within the page or out of it the browser's.
      if (isElsewhere || found.closest('s-app-nav')) return;
      event.preventDefault();
      return void does(found);
    }
  });

  document.addEventListener('submit', event => {
    if (!event.target.dataset.action) return;
    event.preventDefault();
    send(event.target);
  });
  for (const type of ['input', 'change']) {
    document.addEventListener(type, ({ target }) => {
      const form = target.closest('form[data-action]');
      if (form) changed(form);
    });
  }

  document.addEventListener('shopify:navigate', ({ target }) => {
    const href = target.getAttribute('href');
    if (href?.startsWith(ROOT)) leave(href);
  });

  addEventListener('popstate', () => {
    const to = address();
    if (to === shown) return;
    if (!main().querySelector('[data-changed]')) return void go(to, { push: false });
    stay();
    leave(to);
  });

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  begin();
}
