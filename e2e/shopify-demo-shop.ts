import {
  article,
  type Catalogue,
  collection,
  customer,
  gid,
  order,
  type Product,
  page,
  policy,
  product,
  smallCatalogue,
  variant,
} from './fakes/shopify/catalogue.ts';

type Article = {
  title: string;
  text: string;
  kind: string;
  price: string;
  colour: string;
  /** Size, or whatever else there is to choose: how many are left of each. */
  stock?: Record<string, number>;
};

const goods: Article[] = [
  {
    title: 'Kittiwake Jumper',
    kind: 'Knitwear',
    price: '119.00',
    colour: '#4a6b8a',
    stock: { S: 4, M: 2, L: 0, XL: 7 },
    text: 'A warm jumper from undyed Shetland wool, knitted in one piece without a seam. Wash it by hand.',
  },
  {
    title: 'Dune Beanie',
    kind: 'Knitwear',
    price: '29.00',
    colour: '#c9a66b',
    text: 'A ribbed beanie that covers the ears. One size fits most heads. Wool, with a little cashmere.',
  },
  {
    title: 'Strand Socks',
    kind: 'Knitwear',
    price: '18.50',
    colour: '#6d8f71',
    stock: { '36–39': 12, '40–43': 9, '44–47': 3 },
    text: 'Thick socks for boots, with a reinforced heel. Wool and nylon; they may be washed at 30 degrees.',
  },
  {
    title: 'Skerry Scarf',
    kind: 'Knitwear',
    price: '54.00',
    colour: '#8a4a5b',
    text: 'A scarf of lambswool, two metres long and 35 centimetres wide, woven in Hillswick.',
  },
  {
    title: 'Squall Jacket',
    kind: 'Outerwear',
    price: '189.00',
    colour: '#33475b',
    stock: { S: 1, M: 3, L: 5, XL: 0 },
    text: 'A waxed cotton jacket that keeps rain out for hours. It has a hood, four pockets, and can be waxed anew.',
  },
  {
    title: 'Haar Raincoat',
    kind: 'Outerwear',
    price: '149.00',
    colour: '#d8b13c',
    stock: { S: 2, M: 2, L: 2 },
    text: 'A long yellow raincoat with welded seams. Waterproof to 10,000 millimetres, and 480 grams light.',
  },
  {
    title: 'Trawl Backpack',
    kind: 'Bags',
    price: '98.00',
    colour: '#5b6f5e',
    text: 'A backpack of 22 litres made from old fishing nets, with a sleeve for a laptop of up to 15 inches.',
  },
  {
    title: 'Pier Tote',
    kind: 'Bags',
    price: '34.00',
    colour: '#a0522d',
    text: 'A shopping bag of sturdy sailcloth that carries twenty kilograms and stands by itself.',
  },
  {
    title: 'Headland Blanket',
    kind: 'Home',
    price: '135.00',
    colour: '#7a6a8a',
    text: 'A blanket from recycled wool, 140 by 200 centimetres, with a fringe on two sides.',
  },
  {
    title: 'Pier Mug',
    kind: 'Home',
    price: '16.00',
    colour: '#3b7a82',
    text: 'A stoneware mug for 350 millilitres. It may go into the dishwasher and the microwave.',
  },
  {
    title: 'Sweet Gale Candle',
    kind: 'Home',
    price: '24.00',
    colour: '#93a35c',
    text: 'A candle from rapeseed wax with sweet gale from the moor. It burns for about forty hours.',
  },
  {
    title: 'Storm Lantern',
    kind: 'Home',
    price: '72.00',
    colour: '#b0463c',
    stock: { Only: 0 },
    text: 'A lantern for paraffin that stays lit in the wind. The next ones come in January.',
  },
];

/** A little shop as merchants have it. Pictures are at `picturesUrl`, by the handle of the product. */
export function demoCatalogue(domain: string, picturesUrl: string): Catalogue {
  const products = goods.map((each, at) => productOf(each, at + 1, picturesUrl));
  const kinds = [...new Set(goods.map(({ kind }) => kind))];
  const catalogue = smallCatalogue(domain, 1_000, 0);
  return {
    ...catalogue,
    products,
    collections: kinds.map((title, at) =>
      collection(at + 1, {
        title,
        descriptionHtml: `<p>${title} for the coast and for the city.</p>`,
        products: products.filter(({ productType }) => productType === title).map(({ id }) => id),
      }),
    ),
    pages: [
      page(1, {
        title: 'Shipping',
        body: '<p>Parcels within Europe take three days and cost 6 euro. Parcels to Iceland take nine days and cost 14 euro. From 150 euro on, shipping within Europe is free.</p>',
      }),
      page(2, {
        title: 'Size guide',
        body: '<p>Our jumpers are wide. If you are between two sizes, take the smaller one. An M has a chest of 104 centimetres.</p>',
      }),
      page(3, { title: 'Our wool', body: '<p>Our wool comes from sheep on Shetland, and is spun in Hillswick.</p>' }),
    ],
    articles: [
      article(1, {
        title: 'How to wash wool',
        body: '<p>Use lukewarm water and little soap. Do not wring it. Dry it lying flat.</p>',
      }),
    ],
    policies: [
      policy(
        1,
        'REFUND_POLICY',
        '<p>Return what you do not like within 30 days, free of charge. You find a label in the parcel.</p>',
      ),
      policy(2, 'PRIVACY_POLICY', '<p>We keep what we need to send you your parcel.</p>'),
    ],
    customers: [customer(1, { firstName: 'Ann', email: 'ann@example.com' })],
    orders: [
      order(1001, {
        customer: gid('Customer', 1),
        displayFulfillmentStatus: 'FULFILLED',
        fulfillments: [
          {
            id: gid('Fulfillment', 1),
            status: 'SUCCESS',
            displayStatus: 'IN_TRANSIT',
            createdAt: '2026-06-02T09:00:00Z',
            estimatedDeliveryAt: null,
            deliveredAt: null,
            trackingInfo: [{ company: 'DHL', number: '00340434', url: 'https://www.dhl.de/sendung?id=00340434' }],
          },
        ],
      }),
    ],
  };
}

function productOf(
  { title, text, kind, price, stock = { 'Default Title': 8 } }: Article,
  n: number,
  picturesUrl: string,
): Product {
  const options = Object.entries(stock);
  const name = stock['Default Title'] === undefined ? 'Size' : 'Title';
  const made = product(n, {
    title,
    productType: kind,
    descriptionHtml: `<p>${text}</p>`,
    variants: options.map(([value, left], at) =>
      variant(n * 100 + at, { title: value, price, inventoryQuantity: left, selectedOptions: [{ name, value }] }),
    ),
  });
  return { ...made, images: [{ url: `${picturesUrl}/${made.handle}.svg`, altText: title }] };
}

/** A plain picture of a product, as SVG; nothing for what there is not. */
export function pictureOf(handle: string): string | undefined {
  const found = goods.find(({ title }) => title.toLowerCase().replaceAll(' ', '-') === handle);
  if (!found) return undefined;
  const { title, colour } = found;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480" role="img" aria-label="${title}">
<rect width="480" height="480" fill="#f4efe6"/><circle cx="240" cy="210" r="130" fill="${colour}"/>
<text x="240" y="410" text-anchor="middle" font-family="Georgia, serif" font-size="34" fill="#333">${title}</text></svg>`;
}
