/**
 * What owners read of a delivery: the receivers by name, and why something did not arrive. Plain data in English, with no
 * import, as the descriptions of the settings are.
 */

/** Receivers as they call themselves; another one is told by its own code. */
export const TARGET_NAMES: Readonly<Record<string, string>> = {
  wordpress: 'WordPress',
  shopify: 'Shopify',
  hubspot: 'HubSpot',
  salesforce: 'Salesforce',
  pipedrive: 'Pipedrive',
  klaviyo: 'Klaviyo',
  zoho: 'Zoho CRM',
};

/** What stood in the way, as a sentence about the receiver. */
export const FAULT_WORDS: Readonly<Record<string, string>> = {
  unauthorized: 'It does not accept the credentials. Enter new ones in the settings.',
  misconfigured: 'Something has to be set up there first.',
  invalid: 'It does not take these details.',
  rate_limited: 'It had too many requests.',
  unavailable: 'It had a fault of its own.',
  timed_out: 'It did not answer in time.',
  garbled: 'It gave an answer that nobody could read.',
  unreachable: 'It could not be reached.',
  not_connected: 'It is not connected.',
  internal: 'Something went wrong at the relay.',
};
