import type { ProductCard } from '@confab/contract';
import { shopCart } from '../cart.ts';
import { timeIn } from '../locale.ts';
import type { SessionState } from '../session.ts';
import { webAddress } from '../web-address.ts';
import { button, element, setText } from './element.ts';
import { outwardLink } from './markdown-view.ts';

type Texts = SessionState['texts'];
type Variant = ProductCard['variants'][number];

/**
 * A product that an answer speaks of, as an item of a list: what it is, costs and whether it is there, a way to its page,
 * and into the basket where the shop lets us. Nothing where its address is none.
 */
export function productCard(
  card: ProductCard,
  texts: Texts,
  locale: string | undefined,
  say: (text: string) => void,
): Node[] {
  const href = webAddress(card.url);
  if (!href) return [];
  const { title, variants } = card;
  const price = element('span');
  const stock = element('span', { class: 'stock' });
  const show = ({ price: amount, available }: Pick<Variant, 'price' | 'available'>) => {
    const asOf = card.asOf && timeIn(locale, card.asOf, { dateStyle: 'long' });
    setText(price, asOf ? texts.priceAsOf.replace('{price}', () => amount).replace('{date}', () => asOf) : amount);
    setText(stock, available ? texts.inStock : texts.soldOut);
  };
  const cart = shopCart();
  const canBuy = cart && variants.some(({ available }) => available);
  const buying = canBuy ? purchase(variants, { title, texts, say, show, add: cart.add }) : [];
  if (buying.length === 0) show(card);
  const words = element(
    'div',
    { class: 'words' },
    outwardLink(href, element('bdi', {}, title)),
    price,
    stock,
    ...buying,
  );
  return [element('li', {}, ...picture(card), words)];
}

/** Fetched when it is about to be seen, without telling from where; one that does not come leaves no hole. */
function picture({ image }: ProductCard): Node[] {
  const src = image && webAddress(image.url);
  if (!src) return [];
  const picture = element('img', { alt: image.alt, loading: 'lazy', decoding: 'async', referrerpolicy: 'no-referrer' });
  picture.onerror = () => picture.remove();
  picture.src = src; // last, since the other attributes say how it is fetched
  return [picture];
}

interface PurchaseParts {
  title: string;
  texts: Texts;
  say(text: string): void;
  /** Shows the price and the stock of the chosen variant. */
  show(variant: Variant): void;
  add(variantId: string): Promise<boolean>;
}

/** A choice of the variants, where there are several, and the button that puts the chosen one into the basket. */
function purchase(variants: Variant[], { title, texts, say, show, add }: PurchaseParts): Node[] {
  const options = variants.map(({ id, title: name, available }) => {
    const option = element('option', { value: id }, available ? name : `${name} – ${texts.soldOut}`);
    option.disabled = !available;
    return option;
  });
  const choice = element('select', { 'aria-label': `${texts.variant}: ${title}` }, ...options);
  const label = element('span');
  const named = element('span', { class: 'unseen' }, ` ${title}`);
  const outcome = element('p', { class: 'outcome' });
  const chosen = () => variants.find(({ id, available }) => available && id === choice.value);
  let isBusy = false;

  const refresh = () => {
    const variant = chosen();
    if (variant) show(variant);
    setText(label, texts.addToCart);
    setText(outcome, '');
  };
  choice.value = variants.find(({ available }) => available)?.id ?? '';
  choice.addEventListener('change', refresh);
  refresh();

  const buy = async () => {
    const variant = chosen();
    if (isBusy || !variant) return;
    isBusy = true;
    choice.disabled = true;
    setText(outcome, '');
    setText(label, texts.working);
    const isAdded = await add(variant.id);
    const said = isAdded ? texts.addedToCart : texts.addFailed;
    setText(outcome, said);
    outcome.classList.toggle('problem', !isAdded);
    say(isAdded ? `${said}: ${title}` : said);
    setText(label, texts.addToCart);
    choice.disabled = false;
    isBusy = false;
  };
  return [...(variants.length > 1 ? [choice] : []), button('button small', buy, label, named), outcome];
}
