/** Which option belongs to which match or target, and how many words follow it (iptables-extensions(8)). */
import type { Problems } from './problems.ts';

/** A match or target with its options, before their values are read. */
export interface OptionGroup {
  readonly name: string;
  readonly options: Map<string, OptionUse>;
}

export interface OptionUse {
  readonly values: readonly string[];
  readonly isInverted: boolean;
}

interface OptionShape {
  readonly owners: readonly string[];
  readonly words: 0 | 1 | 2;
}

export const PORT_MATCHES: readonly string[] = ['tcp', 'udp', 'sctp'];

/** Long names that mean the same. */
const ALIASES: Readonly<Record<string, string>> = {
  '--source-port': '--sport',
  '--destination-port': '--dport',
  '--source-ports': '--sports',
  '--destination-ports': '--dports',
};

function shapes(owners: readonly string[], words: OptionShape['words'], ...names: string[]): [string, OptionShape][] {
  return names.map((name) => [name, { owners, words }]);
}

const OPTIONS: ReadonlyMap<string, OptionShape> = new Map([
  ...shapes(['comment'], 1, '--comment'),
  ...shapes(PORT_MATCHES, 1, '--sport', '--dport'),
  ...shapes(['tcp'], 2, '--tcp-flags'),
  ...shapes(['icmp'], 1, '--icmp-type'),
  ...shapes(['icmp6'], 1, '--icmpv6-type'),
  ...shapes(['conntrack'], 1, '--ctstate'),
  ...shapes(['state'], 1, '--state'),
  ...shapes(['mark'], 1, '--mark'),
  ...shapes(['addrtype'], 1, '--src-type', '--dst-type'),
  ...shapes(['addrtype'], 0, '--limit-iface-in', '--limit-iface-out'),
  ...shapes(['statistic'], 1, '--mode', '--probability'),
  ...shapes(['recent'], 1, '--name', '--seconds', '--hitcount', '--mask'),
  ...shapes(['recent'], 0, '--set', '--rcheck', '--update', '--remove', '--reap', '--rsource'),
  ...shapes(['multiport'], 1, '--sports', '--dports', '--ports'),
  ...shapes(['set'], 2, '--match-set'),
  ...shapes(['physdev'], 1, '--physdev-in', '--physdev-out'),
  ...shapes(['physdev'], 0, '--physdev-is-in', '--physdev-is-bridged'),
  ...shapes(['nfacct'], 1, '--nfacct-name'),
  ...shapes(['ipvs'], 1, '--vproto', '--vaddr', '--vport'),
  ...shapes(['rpfilter'], 0, '--invert', '--validmark'),
  ...shapes(['REJECT'], 1, '--reject-with'),
  ...shapes(['NFLOG'], 1, '--nflog-group'),
  ...shapes(['DNAT'], 1, '--to-destination'),
  ...shapes(['SNAT'], 1, '--to-source'),
  ...shapes(['SNAT', 'MASQUERADE'], 0, '--random-fully'),
  ...shapes(['MARK'], 1, '--set-xmark', '--set-mark', '--or-mark', '--and-mark', '--xor-mark'),
  ...shapes(['CT'], 0, '--notrack'),
]);

/** Takes option `name` for the last group that has it. Returns how many words of `rest` it used. */
export function takeOption(
  name: string,
  rest: readonly string[],
  isInverted: boolean,
  groups: readonly OptionGroup[],
  problems: Problems,
): number {
  const option = ALIASES[name] ?? name;
  const shape = OPTIONS.get(option);
  if (!shape) {
    problems.note(`option ${name} is not modelled`);
    return 0;
  }
  const owner = groups.findLast((group) => shape.owners.includes(group.name));
  if (!owner) problems.note(`option ${name} needs one of: ${shape.owners.join(', ')}`);
  if (rest.length < shape.words) problems.note(`option ${name} needs ${shape.words} more words`);
  owner?.options.set(option, { values: rest.slice(0, shape.words), isInverted });
  return shape.words;
}

/** Whether a port option may load the match of the rule's protocol by itself, as iptables does. */
export const isPortOption = (name: string): boolean => OPTIONS.get(ALIASES[name] ?? name)?.owners === PORT_MATCHES;
