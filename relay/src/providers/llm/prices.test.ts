import { describe, expect, it } from 'vitest';
import { priceOf } from './prices.ts';

const inputOf = (provider: string, model: string, baseUrl?: string) => priceOf({ provider, model, baseUrl }).input;

describe('the price of a model', () => {
  it.each([
    ['openai', 'gpt-4.1-mini', 0.4],
    ['openai', 'gpt-4.1-mini-2025-04-14', 0.4],
    ['openai', 'gpt-4.1', 2],
    ['openai', 'gpt-4o-2024-05-13', 5],
    ['openai', 'gpt-4o-2024-11-20', 2.5],
    ['openai', 'gpt-5-chat-latest', 1.25],
    ['openai', 'gpt-5.2-pro', 21],
    ['openai', 'o1-pro-2025-03-19', 150],
    ['openai', 'text-embedding-3-small', 0.02],
    ['anthropic', 'claude-haiku-4-5', 1],
    ['anthropic', 'claude-haiku-4-5-20251001', 1],
    ['anthropic', 'claude-opus-4-20250514', 15],
    ['anthropic', 'claude-opus-4-5-20251101', 5],
    ['bedrock', 'amazon.nova-lite-v1:0', 0.06],
    ['bedrock', 'eu.amazon.nova-lite-v1:0', 0.06],
    ['bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0', 1],
    ['bedrock', 'arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-haiku-4-5-20251001-v1:0', 1],
  ])('of %s %s is that of its list', (provider, model, input) => {
    expect(inputOf(provider, model)).toBe(input);
  });

  it.each(['us.anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-haiku-4-5-20251001-v1:0'])(
    'is a tenth higher where Bedrock keeps Claude in a region: %s',
    model => expect(inputOf('bedrock', model)).toBeCloseTo(1.1),
  );

  it.each([
    ['openai', 'gpt-5.9', 'gpt-5.5'],
    ['openai', 'gpt-4.1-mega', 'gpt-5.5'],
    ['openai', 'gpt-6-pro', 'gpt-5.5-pro'],
    ['anthropic', 'claude-opus-4-9', 'claude-fable-5'],
  ])('of %s %s, which is not on the list, is that of its dearest', (provider, model, dearest) => {
    expect(priceOf({ provider, model })).toMatchObject({
      input: inputOf(provider, dearest),
      output: priceOf({ provider, model: dearest }).output,
    });
  });

  it('does not take cached input for cheaper where it does not know the model', () => {
    const { input, cached } = priceOf({ provider: 'openai', model: 'gpt-9' });
    expect(cached).toBe(input);
  });

  it('is nothing for an unknown model at an address that is not the vendor’s, and that of the list for a known one', () => {
    expect(priceOf({ provider: 'openai', model: 'llama3.3', baseUrl: 'http://localhost:11434/v1' }).output).toBe(0);
    expect(inputOf('openai', 'gpt-4.1-mini', 'https://gateway.example/v1')).toBe(0.4);
  });

  it.each(['https://api.openai.com/v1', 'https://eu.api.openai.com/v1', 'https://shop.openai.azure.com/openai/v1'])(
    'is not nothing at %s',
    baseUrl => expect(inputOf('openai', 'my-deployment', baseUrl)).toBe(5),
  );
});
