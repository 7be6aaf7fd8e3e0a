/** The sentences about a distribution: what theory expects, and whether what came is that. */
import type { BalanceLaw } from './balance-law.ts';
import { chiSquare, EXPECTED_MIN } from './chi-square.ts';
import type { EndpointShare } from './distribute.ts';

export interface Verdict {
  /** `open`: too few connections to tell. */
  readonly fits: 'yes' | 'no' | 'open';
  readonly words: string;
}

/** Rarer than this by chance, and one begins to wonder; rarer still, and it is no chance. */
const UNUSUAL = 0.05;
const UNBELIEVABLE = 0.001;

const plural = (count: number, one: string): string =>
  `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
const count = (value: number): string => value.toLocaleString('en-US');
const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1).replace('.0', ''));

export function lawSentence(law: BalanceLaw | null, connections: number): string {
  if (law === null) return 'No endpoint was chosen for any connection, so there is nothing to expect.';
  const { kind, by, ns, shares } = law;
  const each = rounded(connections / shares.size);
  switch (kind) {
    case 'random':
      return isEven(shares)
        ? `${ns} draws for each connection (${by}): ${each} of ${count(connections)} for each of ${shares.size} endpoints, give or take ${spread(connections, 1 / shares.size)}.`
        : `${ns} draws for each connection (${by}), and its rules give the endpoints unequal chances.`;
    case 'turns':
      return isEven(shares)
        ? `${ns} gives connections in turn (${by}): counts differ by at most 1.`
        : `${ns} gives connections in turn, by weight (${by}).`;
    case 'fewest':
      return `${ns} asks who has the fewest connections (${by}). These stay open, so counts even out.`;
    case 'sticky':
      return `A client stays where its first connection went (${by} on ${ns}): one endpoint gets all ${count(connections)}.`;
    case 'hash':
      return `${ns} computes the endpoint from addresses (${by}): the same ends always meet.`;
    case 'port-hash':
      return `${ns} computes the endpoint from the client's address and port (${by}): new ports spread as draws do, ${each} of ${count(connections)} for each of ${shares.size} endpoints.`;
    case 'one':
      return `There is one endpoint to choose (${by} on ${ns}).`;
  }
}

/** One standard deviation of a binomial count. */
const spread = (connections: number, share: number): string => rounded(Math.sqrt(connections * share * (1 - share)));

function isEven(shares: ReadonlyMap<string, number>): boolean {
  return [...shares.values()].every((share) => Math.abs(share - 1 / shares.size) < 0.001);
}

export function verdictOn(law: BalanceLaw | null, endpoints: readonly EndpointShare[], connections: number): Verdict {
  if (law === null) return { fits: 'open', words: 'No endpoint, no distribution.' };
  const offered = endpoints.filter(({ share }) => share > 0);
  const strays = endpoints.reduce((sum, { share, count }) => sum + (share > 0 ? 0 : count), 0);
  const left = endpoints.length - offered.length;
  const local =
    left > 0 && strays === 0 && law.kind !== 'sticky' && law.kind !== 'hash'
      ? ` ${plural(left, 'ready endpoint')} of the Service ${left === 1 ? 'gets' : 'get'} nothing: the rules of ${law.ns} do not offer ${left === 1 ? 'it' : 'them'}.`
      : '';
  const verdict = judge(law, offered, connections, strays);
  return { ...verdict, words: verdict.words + local };
}

function judge(law: BalanceLaw, offered: readonly EndpointShare[], connections: number, strays: number): Verdict {
  switch (law.kind) {
    case 'random':
    case 'port-hash':
      return judgeDraw(offered, connections);
    case 'turns':
    case 'fewest':
      return judgeEven(offered, connections);
    case 'sticky':
    case 'hash':
    case 'one':
      return strays === 0
        ? { fits: 'yes', words: `All ${plural(connections, 'connection')} met the same endpoint.` }
        : { fits: 'no', words: `${plural(strays, 'connection')} went elsewhere.` };
  }
}

function judgeDraw(offered: readonly EndpointShare[], connections: number): Verdict {
  const expected = offered.map(({ share }) => share * connections);
  if (Math.min(...expected) < EXPECTED_MIN)
    return { fits: 'open', words: `${plural(connections, 'draw')} are too few to judge: send more, and it evens out.` };
  const { value, degrees, p } = chiSquare(
    offered.map(({ count }) => count),
    expected,
  );
  const test = `Chi-square ${value.toFixed(2)} at ${plural(degrees, 'degree')} of freedom: chance alone is this uneven`;
  if (p >= UNUSUAL) return { fits: 'yes', words: `${test} in ${Math.round(p * 100)} of 100 runs. A fair draw.` };
  if (p >= UNBELIEVABLE)
    return {
      fits: 'yes',
      words: `${test} in ${Math.max(1, Math.round(p * 1000))} of 1,000 runs. Unusual, but a fair draw does that.`,
    };
  return { fits: 'no', words: `${test} in less than 1 of 1,000 runs. This is no draw with those chances.` };
}

function judgeEven(offered: readonly EndpointShare[], connections: number): Verdict {
  const off = Math.max(...offered.map(({ count, share }) => Math.abs(count - share * connections)));
  const counts = offered.map(({ count }) => count);
  const between = Math.max(...counts) - Math.min(...counts);
  return off <= 1
    ? { fits: 'yes', words: `The largest and the smallest count differ by ${between}, exactly as expected.` }
    : { fits: 'no', words: `One count is ${rounded(off)} off what its weight should give.` };
}
