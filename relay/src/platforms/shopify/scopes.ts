/** What the app needs to work at all; granted when it is installed. Tests hold them to the operations and the app's file. */
export const REQUIRED_SCOPES = ['read_products', 'read_content', 'read_legal_policies', 'write_app_proxy'] as const;

/** Asked for when the owner switches on what needs them: leads as customers, answers about orders. */
export const OPTIONAL_SCOPES = ['read_customers', 'write_customers', 'read_orders'] as const;

export type Scope = (typeof REQUIRED_SCOPES)[number] | (typeof OPTIONAL_SCOPES)[number];

/** Whether these scopes hold that one; Shopify names the right to write alone where it grants both. */
export const grants = (scopes: readonly string[], scope: Scope): boolean =>
  scopes.includes(scope) || scopes.includes(scope.replace(/^read_/, 'write_'));
