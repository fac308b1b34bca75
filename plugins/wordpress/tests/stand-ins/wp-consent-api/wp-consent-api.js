/* Behaves as the script of the WP Consent API 2.0.1 does, with its four traps. */

window.wp_fallback_consent_type = consent_api.consent_type;
window.waitfor_consent_hook = consent_api.waitfor_consent_hook;

function consent_api_get_cookie(name) {
  const found = document.cookie
    .split(';')
    .map(each => each.trim())
    .find(each => each.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : '';
}

function consent_api_set_cookie(name, value) {
  const until = new Date(Date.now() + consent_api.cookie_expiration * 86_400_000).toUTCString();
  const secure = location.protocol === 'https:' ? ';secure' : '';
  document.cookie = `${name}=${value}${secure};expires=${until};path=/`;
}

function consented_services() {
  try {
    return JSON.parse(consent_api_get_cookie(`${consent_api.cookie_prefix}_consented_services`));
  } catch {
    return {};
  }
}

// Trap: without a consent manager, so without a type, the answer is yes; and where the type is "optout", silence is.
function wp_has_consent(category) {
  const type = window.wp_consent_type !== undefined ? window.wp_consent_type : window.wp_fallback_consent_type;
  const said = consent_api_get_cookie(`${consent_api.cookie_prefix}_${category}`);
  if (!type) return true;
  if (type.indexOf('optout') !== -1 && said === '') return true;
  return said === 'allow';
}

// Trap: what nobody registered is marketing.
function wp_get_service_category(service) {
  const known = Array.isArray(consent_api.services) ? consent_api.services : [];
  return known.find(each => each && each.name === service && each.category)?.category ?? 'marketing';
}

function wp_has_service_consent(service) {
  const services = consented_services();
  return Object.hasOwn(services, service) ? services[service] : wp_has_consent(wp_get_service_category(service));
}

function wp_is_service_denied(service) {
  const services = consented_services();
  return Object.hasOwn(services, service) ? !services[service] : false;
}

function wp_set_service_consent(service, consented) {
  const services = { ...consented_services(), [service]: consented };
  consent_api_set_cookie(`${consent_api.cookie_prefix}_consented_services`, JSON.stringify(services));
  const detail = { service, value: consented };
  document.dispatchEvent(new CustomEvent('wp_consent_api_status_change_service', { detail }));
}

// Trap: consent may be withdrawn later. Nothing is said where nothing has changed.
function wp_set_consent(category, value) {
  if (value !== 'allow' && value !== 'deny') return;
  const name = `${consent_api.cookie_prefix}_${category}`;
  const previous = consent_api_get_cookie(name);
  consent_api_set_cookie(name, value);
  if (previous === value) return;
  const detail = Object.assign([], { [category]: value });
  document.dispatchEvent(new CustomEvent('wp_listen_for_consent_change', { detail }));
}
