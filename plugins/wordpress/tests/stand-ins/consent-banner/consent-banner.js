window.wp_consent_type = 'optin';
document.dispatchEvent(new CustomEvent('wp_consent_type_defined'));
document.querySelector('#consent-banner').addEventListener('click', ({ target }) => {
  if (target.dataset.consent) wp_set_consent('preferences', target.dataset.consent);
});
