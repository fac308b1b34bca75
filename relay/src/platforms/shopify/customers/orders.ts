import type { Site } from '../../../features/sites/index.ts';
import type { OrderPassage } from '../../../providers/commerce/commerce.ts';
import type { Admin } from '../admin.ts';
import { ShopifyFault } from '../fault.ts';
import { LAST_ORDERS } from '../operations/orders.ts';
import { grants } from '../scopes.ts';
import type { Shop } from '../shops.ts';
import { isAboutAnOrder, type OrderState, type OrderWords, orderWordsIn } from './order-words.ts';

type Order = {
  name: string;
  createdAt: string;
  cancelledAt: string | null;
  displayFulfillmentStatus: string;
  fulfillments: { trackingInfo: { company: string | null; number: string | null; url: string | null }[] }[];
};
type LastOrders = { orders: { nodes: Order[] }; nobody: { nodes: unknown[] } };

type Asked = {
  site: Site;
  shop: Shop;
  question: string;
  /** Proven; nothing else of a visitor says whose orders these are. */
  customerId: string | undefined;
  locale: string;
  signal: AbortSignal;
};

/**
 * What became of a visitor's own orders, where the question is about that and the owner offers it. Who has not proven to
 * be a customer of the shop is told how to sign in; a number and an e-mail address prove nothing, since others know them.
 */
export const createOrderPassages =
  ({ admin }: { admin: Pick<Admin, 'request'> }) =>
  async ({ site, shop, question, customerId, locale, signal }: Asked): Promise<OrderPassage[]> => {
    if (!site.settings.features.orders || !grants(shop.scopes, 'read_orders') || !isAboutAnOrder(question)) return [];
    const words = orderWordsIn(locale);
    const url = `${site.homeUrl ?? `https://${shop.domain}`}/account`;
    if (customerId === undefined) return [{ title: words.account, url, text: words.signIn }];
    const found = await admin.request<LastOrders>(shop.domain, LAST_ORDERS, {
      variables: { customer: `customer_id:${customerId}` },
      signal,
    });
    if (found.nobody.nodes.length > 0) {
      throw new ShopifyFault('refused', 'Shopify found orders of a customer who does not exist (LastOrders).');
    }
    const orders = found.orders.nodes;
    if (orders.length === 0) return [{ title: words.account, url, text: words.none }];
    const date = new Intl.DateTimeFormat(words.locale, { dateStyle: 'long', timeZone: site.settings.timezone });
    // One passage, so that the pages still have their say: many a question about an order is answered there.
    return [{ title: words.account, url, text: orders.map(order => `- ${textOf(order, words, date)}`).join('\n') }];
  };

function textOf(order: Order, words: OrderWords, date: Intl.DateTimeFormat): string {
  const placed = {
    name: order.name,
    date: date.format(new Date(order.createdAt)),
    state: words.states[stateOf(order)],
  };
  const parcels = order.fulfillments
    .flatMap(({ trackingInfo }) => trackingInfo)
    .map(parcelOf)
    .filter(Boolean);
  return [
    said(words.about, placed),
    ...(order.cancelledAt === null ? parcels.map(parcel => said(words.parcel, { parcel })) : []),
  ].join(' ');
}

function stateOf({ cancelledAt, displayFulfillmentStatus: status }: Order): OrderState {
  if (cancelledAt !== null) return 'cancelled';
  if (status === 'FULFILLED') return 'sent';
  if (status === 'PARTIALLY_FULFILLED') return 'partly';
  return status === 'ON_HOLD' ? 'held' : 'preparing';
}

const parcelOf = ({ company, number, url }: Order['fulfillments'][number]['trackingInfo'][number]): string =>
  [company, number, url].filter(Boolean).join(' ');

const said = (text: string, values: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
