/**
 * What a model costs in US dollars per million tokens, which is as much as millionths of a dollar per token. `cached` is
 * the part of the input that the vendor had seen just before.
 */
export type Price = { input: number; cached: number; output: number };

export type Priced = {
  provider: string;
  model: string;
  /** Absent: the vendor's own address. */
  baseUrl?: string | undefined;
};

/**
 * The price of a model. A dated or versioned name costs what the name costs that it begins with. A model that is not on
 * the list costs as much as the dearest of those that its vendor sells to everybody now: a limit that stops too early
 * protects, one that stops too late does not. At an address that is not the vendor's, such as Ollama's, it costs
 * nothing, since nobody here knows what it costs; there the limit of answers in a month is the one that protects.
 */
export function priceOf({ provider, model, baseUrl }: Priced): Price {
  const list = lists[provider];
  if (!list) return free;
  return list.of(model) ?? (isVendors(baseUrl) ? list.dearest(model) : free);
}

const free: Price = { input: 0, cached: 0, output: 0 };

const price = (input: number, cached: number, output: number): Price => ({ input, cached, output });

/** https://developers.openai.com/api/docs/pricing, standard processing; looked up on 22 November 2026. */
const openai: Record<string, Price> = {
  'gpt-5.6-sol': price(5, 0.5, 30),
  'gpt-5.6-terra': price(2, 0.2, 12),
  'gpt-5.6-luna': price(0.2, 0.02, 1.2),
  'gpt-5.5': price(5, 0.5, 30),
  'gpt-5.5-pro': price(30, 30, 180),
  'gpt-5.4': price(2.5, 0.25, 15),
  'gpt-5.4-mini': price(0.75, 0.075, 4.5),
  'gpt-5.4-nano': price(0.2, 0.02, 1.25),
  'gpt-5.2': price(1.75, 0.175, 14),
  'gpt-5.2-pro': price(21, 21, 168),
  'gpt-5.2-chat': price(1.75, 0.175, 14),
  'gpt-5.1': price(1.25, 0.125, 10),
  'gpt-5.1-chat': price(1.25, 0.125, 10),
  'gpt-5': price(1.25, 0.125, 10),
  'gpt-5-pro': price(15, 15, 120),
  'gpt-5-chat': price(1.25, 0.125, 10),
  'gpt-5-mini': price(0.25, 0.025, 2),
  'gpt-5-nano': price(0.05, 0.005, 0.4),
  'gpt-4.1': price(2, 0.5, 8),
  'gpt-4.1-mini': price(0.4, 0.1, 1.6),
  'gpt-4.1-nano': price(0.1, 0.025, 0.4),
  'gpt-4o': price(2.5, 1.25, 10),
  'gpt-4o-2024-05-13': price(5, 5, 15),
  'gpt-4o-mini': price(0.15, 0.075, 0.6),
  'gpt-4-turbo': price(10, 10, 30),
  'gpt-4': price(30, 30, 60),
  'gpt-3.5-turbo': price(0.5, 0.5, 1.5),
  'o4-mini': price(1.1, 0.275, 4.4),
  o3: price(2, 0.5, 8),
  'o3-pro': price(20, 20, 80),
  'o3-mini': price(1.1, 0.55, 4.4),
  o1: price(15, 7.5, 60),
  'o1-pro': price(150, 150, 600),
  'text-embedding-3-small': price(0.02, 0.02, 0),
  'text-embedding-3-large': price(0.13, 0.13, 0),
};

/** https://platform.claude.com/docs/en/about-claude/pricing; looked up on 22 November 2026. */
const anthropic: Record<string, Price> = {
  'claude-fable-5-1': price(10, 0.25, 50),
  'claude-fable-5': price(10, 1, 50),
  'claude-opus-5-5': price(4, 0.2, 20),
  'claude-opus-5': price(5, 0.5, 25),
  'claude-opus-4-8': price(5, 0.5, 25),
  'claude-opus-4-7': price(5, 0.5, 25),
  'claude-opus-4-6': price(5, 0.5, 25),
  'claude-opus-4-5': price(5, 0.5, 25),
  'claude-opus-4-1': price(15, 1.5, 75),
  'claude-opus-4-0': price(15, 1.5, 75),
  'claude-opus-4': price(15, 1.5, 75),
  'claude-3-opus': price(15, 1.5, 75),
  'claude-sonnet-5-5': price(2, 0.1, 10),
  'claude-sonnet-5': price(2, 0.2, 10),
  'claude-sonnet-4-6': price(3, 0.3, 15),
  'claude-sonnet-4-5': price(3, 0.3, 15),
  'claude-sonnet-4-0': price(3, 0.3, 15),
  'claude-sonnet-4': price(3, 0.3, 15),
  'claude-3-7-sonnet': price(3, 0.3, 15),
  'claude-3-5-sonnet': price(3, 0.3, 15),
  // Five times as much for a prompt over 100,000 tokens, which no question here comes near.
  'claude-haiku-5-5': price(0.1, 0.01, 0.5),
  'claude-haiku-4-5': price(1, 0.1, 5),
  'claude-3-5-haiku': price(0.8, 0.08, 4),
  'claude-3-haiku': price(0.25, 0.03, 1.25),
};

/** https://aws.amazon.com/bedrock/pricing/, on demand; looked up on 22 November 2026. */
const amazon: Record<string, Price> = {
  'amazon.nova-premier': price(2.5, 0.625, 12.5),
  'amazon.nova-pro': price(0.8, 0.2, 3.2),
  'amazon.nova-lite': price(0.06, 0.015, 0.24),
  'amazon.nova-micro': price(0.035, 0.00875, 0.14),
};

/** What Bedrock takes more for Claude where its requests stay in a region or a group of them. */
const IN_REGION = 1.1;

type List = { of: (model: string) => Price | undefined; dearest: (model: string) => Price };

const lists: Readonly<Record<string, List>> = {
  openai: {
    of: model => listed(openai, model),
    // What is called "pro" costs six times as much as what is not.
    dearest: model => (/-pro\b/.test(model) ? price(30, 30, 180) : price(5, 5, 30)),
  },
  anthropic: { of: model => listed(anthropic, model), dearest: () => price(10, 10, 50) },
  bedrock: { of: onBedrock, dearest: () => price(10, 10, 50) },
};

/**
 * Bedrock names a model by its maker; an inference profile has where it runs before that, and the name of either may
 * stand at the end of an ARN.
 */
function onBedrock(id: string): Price | undefined {
  const [, where, name = ''] = /^(?:arn:.*\/)?(?:(us-gov|us|eu|apac|jp|au|ca|sa|global)\.)?(.*)$/.exec(id) ?? [];
  if (!name.startsWith('anthropic.')) return listed(amazon, name);
  const at = listed(anthropic, name.slice('anthropic.'.length));
  if (!at || where === 'global') return at;
  return price(at.input * IN_REGION, at.cached * IN_REGION, at.output * IN_REGION);
}

/** What may follow a name that is still the same model: a date, a version of the vendor's, "latest". */
const SAME_MODEL = /^$|^[-@:](?:\d{4}|latest|preview|v\d)/;

/** The longest name that this one begins with. A further number is another model: `gpt-5.9` is no `gpt-5`. */
function listed(list: Record<string, Price>, model: string): Price | undefined {
  const names = Object.keys(list).filter(name => model.startsWith(name) && SAME_MODEL.test(model.slice(name.length)));
  const [longest] = names.sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : list[longest];
}

/** Whether the address is the vendor's own, OpenAI's at Azure included. */
const isVendors = (baseUrl: string | undefined): boolean =>
  baseUrl === undefined ||
  /(^|\.)(openai\.com|openai\.azure\.com|anthropic\.com|amazonaws\.com)$/.test(new URL(baseUrl).hostname);
