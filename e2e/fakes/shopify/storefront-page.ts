/** What a test may do with the stub in a page, as `window.stubShop`. */
export interface StubShop {
  /** How often the Customer Privacy API was asked for. */
  loads: number;
  /** How often somebody else than the banner set the visitor's consent. */
  sets: number;
  /** The API that is late arrives. */
  arrive(): void;
  /** What lies in the cart. */
  lines: { merchandiseId: string; quantity: number }[];
  /** The visitor answers the shop's banner. */
  decide(preferencesAllowed: boolean): void;
}

/**
 * How the Customer Privacy API comes where somebody asks for it: never (`silent`, as where it is blocked), with an error
 * in place of it (`broken`), or only when `stubShop.arrive` is called (`late`).
 */
export type PrivacyLoads = 'works' | 'late' | 'silent' | 'broken';

/**
 * Runs in the page, before every other script, and so is written as one function without imports: what Shopify leaves in
 * each page of a shop. The Customer Privacy API comes only when somebody loads it, and not at once.
 */
export function stubShopify({
  privacy,
  privacyLoads,
  cart,
}: {
  privacy: string;
  privacyLoads: PrivacyLoads;
  cart: string;
}): void {
  let said = { allowed: 'yes', refused: 'no' }[privacy] ?? '';
  const stub: StubShop = {
    loads: 0,
    sets: 0,
    lines: [],
    arrive() {},
    decide(preferencesAllowed) {
      said = preferencesAllowed ? 'yes' : 'no';
      const others = { analyticsAllowed: false, marketingAllowed: false, saleOfDataAllowed: false };
      document.dispatchEvent(new CustomEvent('visitorConsentCollected', { detail: { ...others, preferencesAllowed } }));
    },
  };
  const shopify: Record<string, unknown> = { routes: { root: '/' } };
  if (privacy !== 'missing') {
    shopify.loadFeatures = (features: { name: string; version: string }[], loaded: (error?: Error) => void) => {
      const [{ name, version } = { name: '', version: '' }] = features;
      if (`${name} ${version}` !== 'consent-tracking-api 0.1')
        throw new Error(`Shopify has no feature ${name} ${version}`);
      stub.loads++;
      if (privacyLoads === 'silent') return;
      if (privacyLoads === 'broken') throw new Error('Shopify cannot load a feature');
      stub.arrive = () => {
        shopify.customerPrivacy = {
          preferencesProcessingAllowed: () => said === 'yes',
          currentVisitorConsent: () => ({ preferences: said, analytics: '', marketing: '', sale_of_data: '' }),
          shouldShowBanner: () => said === '',
          setTrackingConsent: () => stub.sets++,
        };
        loaded();
      };
      if (privacyLoads === 'works') setTimeout(stub.arrive, 20);
    };
  }
  const showCart = () => {
    const count = document.querySelector('#cart-count');
    if (count) count.textContent = String(stub.lines.reduce((sum, { quantity }) => sum + quantity, 0));
    return { lines: stub.lines };
  };
  if (cart !== 'missing') {
    shopify.actions = {
      getCart: async () => ({ cart: { lines: stub.lines } }),
      openCart: async () => location.assign('/cart'),
      async updateCart({ lines }: { lines: StubShop['lines'] }) {
        document.dispatchEvent(new CustomEvent('shopify:cart:lines-update', { detail: { action: 'add', lines } }));
        await new Promise(resolve => setTimeout(resolve, 20));
        if (cart === 'fails') throw new TypeError('Failed to fetch');
        if (cart === 'refuses') return { cart: { lines: stub.lines }, userErrors: [{ code: 'INVALID' }], warnings: [] };
        stub.lines.push(...lines);
        return { cart: showCart(), userErrors: [], warnings: [] };
      },
    };
  }
  Object.assign(window, { Shopify: shopify, stubShop: stub });
}
