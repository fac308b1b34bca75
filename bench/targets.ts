import { type Figures, figuresOf, type Result, saturationOf } from './report.ts';

/** What issue 9 wants of the relay beside its peers, and whether it is so: one row each. */
export function targets(results: Result[], streams: readonly number[]): string {
  const of = (id: string) => results.find(result => result.id === id);
  const [floor, gateway] = [of('pass-through'), of('gateway')];
  const relays = results.filter(({ id }) => /^(postgres|cluster)-/.test(id));
  const rows: string[][] = [];
  const row = (
    relay: Result,
    what: string,
    value: number,
    peers: [Result | undefined, number | undefined, number, 'most' | 'least'][],
  ) => {
    for (const [peer, base, factor, kind] of peers) {
      if (!peer || base === undefined) continue;
      const ratio = value / base;
      const isMet = kind === 'most' ? ratio <= factor : ratio >= factor;
      const wanted = `${kind === 'most' ? '≤' : '≥'} ${factor}×`;
      rows.push([relay.title, what, peer.title, wanted, `${ratio.toFixed(2)}×`, isMet ? 'yes' : 'NO']);
    }
  };
  const pick = (result: Result | undefined, count: number, name: keyof Figures) =>
    result && figuresOf(result, count)[name];
  for (const relay of relays) {
    for (const count of streams) {
      row(relay, `first token, ${count} streams, p50`, pick(relay, count, 'firstP50') as number, [
        [floor, pick(floor, count, 'firstP50'), 1.5, 'most'],
        [gateway, pick(gateway, count, 'firstP50'), 0.25, 'most'],
      ]);
    }
    const largest = Math.max(...streams);
    row(relay, `memory per stream, ${largest} streams`, pick(relay, largest, 'kbPerStream') as number, [
      [floor, pick(floor, largest, 'kbPerStream'), 1, 'most'],
      [gateway, pick(gateway, largest, 'kbPerStream'), 1, 'most'],
    ]);
    row(relay, 'tokens per second at saturation', saturationOf(relay).tokensPerSecond, [
      [floor, floor && saturationOf(floor).tokensPerSecond, 0.9, 'least'],
      [gateway, gateway && saturationOf(gateway).tokensPerSecond, 1.3, 'least'],
    ]);
  }
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const heads = ['way', 'what', 'beside', 'wanted', 'is', 'met'];
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
