import { storedProbability } from '../netfilter/iptables/print.ts';
import type { AddrType, CtState, Inverted, Match, PortRange } from '../netfilter/iptables/rule.ts';
import type { Problems } from './problems.ts';
import type { OptionGroup, OptionUse } from './rule-options.ts';
import { PORT_MAX, readMasked, readNet, readNumber, readPorts, readWord, UINT32_MAX } from './rule-values.ts';

const CT_STATES: readonly CtState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];
const ADDR_TYPES: readonly AddrType[] = [
  'LOCAL',
  'UNICAST',
  'BROADCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
];
const FLAG_LETTERS: Readonly<Record<string, string>> = {
  FIN: 'F',
  SYN: 'S',
  RST: 'R',
  PSH: 'P',
  ACK: 'A',
  URG: 'U',
  ALL: 'FSRPAU',
  NONE: '',
};

const SET_DIRECTIONS = ['src', 'dst'] as const;
const IPVS_PROTOCOLS: Readonly<Record<string, 'tcp' | 'udp' | 'sctp'>> = {
  tcp: 'tcp',
  6: 'tcp',
  udp: 'udp',
  17: 'udp',
  sctp: 'sctp',
  132: 'sctp',
};

type Reader = (group: OptionGroup, problems: Problems) => Match | null;

/** One reader for each `-m NAME`. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['comment', (group, problems) => ({ kind: 'comment', text: need(group, '--comment', problems) })],
  ['tcp', (group, problems) => ({ kind: 'tcp', ...readPortOptions(group, problems), ...readFlags(group) })],
  ['udp', (group, problems) => ({ kind: 'udp', ...readPortOptions(group, problems) })],
  ['sctp', (group, problems) => ({ kind: 'sctp', ...readPortOptions(group, problems) })],
  ['nfacct', (group, problems) => ({ kind: 'nfacct', name: need(group, '--nfacct-name', problems) })],
  ['icmp', (group, problems) => ({ kind: 'icmp', ...readIcmp(group, '--icmp-type', problems) })],
  ['icmp6', (group, problems) => ({ kind: 'icmp6', ...readIcmp(group, '--icmpv6-type', problems) })],
  ['conntrack', readConntrack],
  ['state', readState],
  [
    'mark',
    (group, problems) => ({
      kind: 'mark',
      ...readMasked(need(group, '--mark', problems), problems),
      ...inverted(group, '--mark'),
    }),
  ],
  ['addrtype', readAddrtype],
  ['statistic', readStatistic],
  ['recent', readRecent],
  ['multiport', readMultiport],
  ['set', readSet],
  ['physdev', readPhysdev],
  ['ipvs', readIpvs],
  [
    'rpfilter',
    (group) => ({
      kind: 'rpfilter',
      ...(group.options.has('--invert') ? { invert: true as const } : {}),
      ...(group.options.has('--validmark') ? { validmark: true as const } : {}),
    }),
  ],
]);

export const isMatchName = (name: string): boolean => READERS.has(name);

export function readMatch(group: OptionGroup, problems: Problems): Match | null {
  return READERS.get(group.name)?.(group, problems) ?? null;
}

function need(group: OptionGroup, option: string, problems: Problems): string {
  const use = group.options.get(option);
  if (!use) problems.note(`${group.name} needs ${option}`);
  return use?.values[0] ?? '';
}

function inverted(group: OptionGroup, option: string): { invert?: true } {
  return group.options.get(option)?.isInverted ? { invert: true } : {};
}

function withInversion<T>(use: OptionUse, value: T): Inverted<T> {
  return use.isInverted ? { value, invert: true } : { value };
}

function readPortOptions(
  { options }: OptionGroup,
  problems: Problems,
): { sport?: Inverted<PortRange>; dport?: Inverted<PortRange> } {
  const read = (use: OptionUse): Inverted<PortRange> => withInversion(use, readPorts(use.values[0] ?? '', problems));
  const sport = options.get('--sport');
  const dport = options.get('--dport');
  return { ...(sport ? { sport: read(sport) } : {}), ...(dport ? { dport: read(dport) } : {}) };
}

/** Letters in the order of `Tcp.flags`, whatever order the names had. */
function readFlags({ options }: OptionGroup): { flags?: { mask: string; comp: string } } {
  const use = options.get('--tcp-flags');
  if (!use) return {};
  const letters = (text = ''): string => {
    const held = text
      .split(',')
      .map((name) => FLAG_LETTERS[name] ?? '')
      .join('');
    return [...'FSRPAU'].filter((letter) => held.includes(letter)).join('');
  };
  return { flags: { mask: letters(use.values[0]), comp: letters(use.values[1]) } };
}

function readIcmp(group: OptionGroup, option: string, problems: Problems): { type: number; code?: number } {
  const [type = '', code] = need(group, option, problems).split('/');
  const read = (text: string): number => readNumber(text, 255, problems);
  return { type: read(type), ...(code === undefined ? {} : { code: read(code) }) };
}

function readConntrack(group: OptionGroup, problems: Problems, option = '--ctstate') {
  const names = need(group, option, problems).split(',');
  for (const name of names) readWord(name, CT_STATES, 'conntrack state', problems);
  const states = CT_STATES.filter((state) => names.includes(state));
  return { kind: 'conntrack', states, ...inverted(group, option) } as const;
}

function readState(group: OptionGroup, problems: Problems): Match {
  return { ...readConntrack(group, problems, '--state'), isState: true };
}

function readAddrtype({ options }: OptionGroup, problems: Problems): Match {
  const read = (option: string): Inverted<AddrType> | null => {
    const use = options.get(option);
    const type = use && readWord(use.values[0] ?? '', ADDR_TYPES, 'address type', problems);
    return use && type ? withInversion(use, type) : null;
  };
  const src = read('--src-type');
  const dst = read('--dst-type');
  const limitIface = options.has('--limit-iface-in') ? 'in' : options.has('--limit-iface-out') ? 'out' : null;
  return {
    kind: 'addrtype',
    ...(src ? { src } : {}),
    ...(dst ? { dst } : {}),
    ...(limitIface ? { limitIface } : {}),
  };
}

function readStatistic(group: OptionGroup, problems: Problems): Match {
  readWord(need(group, '--mode', problems), ['random'], 'statistic mode', problems);
  const text = need(group, '--probability', problems);
  if (group.options.get('--probability')?.isInverted) problems.note('an inverted probability is not modelled');
  const probability = /^[01](\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(probability <= 1)) problems.note(`"${text}" is not a probability`);
  return { kind: 'statistic', probability: storedProbability(probability) };
}

function readRecent(group: OptionGroup, problems: Problems): Match {
  const { options } = group;
  const op = (['set', 'rcheck', 'update', 'remove'] as const).find((name) => options.has(`--${name}`));
  if (!op) problems.note('recent needs one of --set, --rcheck, --update, --remove');
  const mask = options.get('--mask')?.values[0];
  if (mask !== undefined && !/^(255\.255\.255\.255|ffff(:ffff){7})$/.test(mask))
    problems.note(`recent --mask ${mask} is not modelled`);
  const number = (option: string): number | null => {
    const use = options.get(option);
    return use ? readNumber(use.values[0] ?? '', UINT32_MAX, problems) : null;
  };
  const seconds = number('--seconds');
  const hitcount = number('--hitcount');
  return {
    kind: 'recent',
    op: op ?? 'set',
    name: options.get('--name')?.values[0] ?? 'DEFAULT',
    ...(seconds === null ? {} : { seconds }),
    ...(hitcount === null ? {} : { hitcount }),
    ...(options.has('--reap') ? { reap: true as const } : {}),
    ...(op ? inverted(group, `--${op}`) : {}),
  };
}

function readMultiport(group: OptionGroup, problems: Problems): Match {
  const side = (['sports', 'dports', 'ports'] as const).find((name) => group.options.has(`--${name}`)) ?? 'ports';
  const ports = need(group, `--${side}`, problems).split(',');
  return {
    kind: 'multiport',
    side,
    ports: ports.map((text) => readPorts(text, problems)),
    ...inverted(group, `--${side}`),
  };
}

function readSet(group: OptionGroup, problems: Problems): Match {
  const name = need(group, '--match-set', problems);
  const words = group.options.get('--match-set')?.values[1]?.split(',') ?? [];
  const dirs = words.flatMap((word) => readWord(word, SET_DIRECTIONS, 'set direction', problems) ?? []);
  return { kind: 'set', name, dirs, ...inverted(group, '--match-set') };
}

function readPhysdev({ options }: OptionGroup, problems: Problems): Match {
  const device = (option: string): string | null => {
    const use = options.get(option);
    if (use?.isInverted) problems.note(`! ${option} is not modelled`);
    return use?.values[0] ?? null;
  };
  const isIn = options.get('--physdev-is-in');
  const inDevice = device('--physdev-in');
  const outDevice = device('--physdev-out');
  return {
    kind: 'physdev',
    ...(isIn ? { isIn: withInversion(isIn, true as const) } : {}),
    ...(inDevice === null ? {} : { in: inDevice }),
    ...(outDevice === null ? {} : { out: outDevice }),
    ...(options.has('--physdev-is-bridged') ? { isBridged: true as const } : {}),
  };
}

/** Without an option it would match every packet of an IPVS connection, which nothing writes. */
function readIpvs({ options }: OptionGroup, problems: Problems): Match {
  const [vproto, vaddr, vport] = [options.get('--vproto'), options.get('--vaddr'), options.get('--vport')];
  if (!vproto && !vaddr && !vport) problems.note('ipvs needs one of --vproto, --vaddr, --vport');
  const proto = vproto && IPVS_PROTOCOLS[vproto.values[0] ?? ''];
  if (vproto && !proto) problems.note(`protocol "${vproto.values[0] ?? ''}" is not one of IPVS`);
  return {
    kind: 'ipvs',
    ...(vproto && proto ? { vproto: withInversion(vproto, proto) } : {}),
    ...(vaddr ? { vaddr: withInversion(vaddr, readNet(vaddr.values[0] ?? '', problems)) } : {}),
    ...(vport ? { vport: withInversion(vport, readNumber(vport.values[0] ?? '', PORT_MAX, problems)) } : {}),
  };
}
