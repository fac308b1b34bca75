import type { Passage, Tool } from '../../providers/llm/llm.ts';
import type { Search } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import type { Ground } from './ground.ts';
import { asData } from './prompt.ts';

/** How long a query of a model may be, in characters. */
const QUERY_TEXT_MAX = 300;

/** How many products one look-up gives. */
const PRODUCTS_MAX = 3;

export type ToolsFor = {
  site: Site;
  /** With what every model is given to begin with. */
  ground: Ground;
  search: (query: string, signal: AbortSignal) => Promise<Search>;
  /** Has the widget offer a form with the answer. */
  suggest: (kind: 'lead' | 'callback') => void;
};

/**
 * What a model may call for an answer to this site's visitors. Tools look something up, or have a form offered that the
 * visitor fills in or does not: none of them writes or sends anything, and none takes anybody's data from the model.
 */
export function toolsFor({ site: { settings }, ground, search, suggest }: ToolsFor): Tool[] {
  const { leads, callback } = settings.features;
  // Not what is added later: where a model fails, the next one has not seen what the first one found.
  const given = new Set(ground.passages);
  return [
    byQuery(
      'search_knowledge',
      'Searches the website for more passages, when those that you have do not hold the answer.',
      'a few words of what is looked for, in the language of the website',
      found => told(ground.add(found).filter(passage => !given.has(passage))),
    ),
    byQuery(
      'look_up_product',
      'Finds a product of the shop, with the marks for its price and availability.',
      'the name or code of the product',
      found => told(productsAmong(ground, found)),
    ),
    ...(settings.hours === null
      ? []
      : [
          withoutInput('opening_hours', 'Tells when the shop is open.', () => {
            const hours = ground.addHours();
            return told(hours ? [hours] : []);
          }),
        ]),
    ...(leads
      ? [
          withoutInput(
            'leave_contact_details',
            'Offers the visitor the form for contact details, when the shop should write to them.',
            () => offered('lead'),
          ),
        ]
      : []),
    ...(callback
      ? [
          withoutInput(
            'request_callback',
            'Offers the visitor the form for a callback, when they want to be called.',
            () => offered('callback'),
          ),
        ]
      : []),
  ];

  function byQuery(name: string, description: string, what: string, tell: (found: Search['passages']) => string): Tool {
    return {
      name,
      description,
      parameters: {
        type: 'object',
        properties: { query: { type: 'string', description: `${what}; up to ${QUERY_TEXT_MAX} characters` } },
        required: ['query'],
        additionalProperties: false,
      },
      async run(input, signal) {
        const { query, ...unknown } = (input ?? {}) as Record<string, unknown>;
        const words = typeof query === 'string' ? query.trim() : '';
        if (words === '' || words.length > QUERY_TEXT_MAX || Object.keys(unknown).length > 0) {
          return `Wrong input: give {"query": …}, ${what}, 1 to ${QUERY_TEXT_MAX} characters, and nothing else.`;
        }
        const { passages } = await search(words, signal);
        // Nobody hears of what comes too late, so nothing may be numbered for it.
        return signal.aborted ? '' : tell(passages);
      },
    };
  }

  function offered(kind: 'lead' | 'callback'): string {
    suggest(kind);
    return 'The form is offered below your answer. Point to it, and ask for no contact details yourself.';
  }
}

const told = (passages: readonly Passage[]): string =>
  passages.length > 0 ? asData(passages) : 'Nothing was found beyond the passages that you have.';

/** The products, each with its facts, which stand with the first passage of a document. */
function productsAmong(ground: Ground, found: Search['passages']): Passage[] {
  const products = [...new Set(found.filter(({ product }) => product !== null).map(({ documentId }) => documentId))];
  const shown = new Set(products.slice(0, PRODUCTS_MAX));
  const added = ground.add(found.filter(({ documentId }) => shown.has(documentId)));
  const documents = new Set(added.map(({ index }) => index));
  return ground.passages.filter(
    passage => documents.has(passage.index) && (passage.facts !== undefined || added.includes(passage)),
  );
}

/** Whatever a model writes to such a tool is left unread. */
const withoutInput = (name: string, description: string, run: () => string): Tool => ({
  name,
  description,
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
  run: async () => run(),
});
