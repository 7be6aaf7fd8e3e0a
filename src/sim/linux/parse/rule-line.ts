import { err, ok, type Result } from '../../base/result.ts';
import type { Inverted, Match, Rule, Target } from '../netfilter/iptables/rule.ts';
import { Problems } from './problems.ts';
import { isMatchName, readMatch } from './rule-match.ts';
import { isPortOption, type OptionGroup, PORT_MATCHES, takeOption } from './rule-options.ts';
import { readTarget } from './rule-target.ts';
import { readNet, readWord } from './rule-values.ts';

/** Short and long spellings of the options that every rule has. */
const HEADER: Readonly<Record<string, HeaderOption>> = {
  '-s': 'src',
  '--src': 'src',
  '--source': 'src',
  '-d': 'dst',
  '--dst': 'dst',
  '--destination': 'dst',
  '-i': 'iif',
  '--in-interface': 'iif',
  '-o': 'oif',
  '--out-interface': 'oif',
  '-p': 'proto',
  '--protocol': 'proto',
  '-m': 'match',
  '--match': 'match',
  '-j': 'jump',
  '--jump': 'jump',
  '-g': 'goto',
  '--goto': 'goto',
};

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'ipv6-icmp', 'sctp', 'ipencap'] as const;
/** What `-p` also takes: IANA's numbers, and short names. */
const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  1: 'icmp',
  4: 'ipencap',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
  132: 'sctp',
  icmpv6: 'ipv6-icmp',
  icmp6: 'ipv6-icmp',
};

type HeaderOption = 'src' | 'dst' | 'iif' | 'oif' | 'proto' | 'match' | 'jump' | 'goto';
type Field = Inverted<string>;

interface Draft {
  readonly fields: Map<HeaderOption, Field>;
  readonly matches: OptionGroup[];
  target: OptionGroup | null;
}

/** The words after `-A CHAIN`, in any order that iptables takes. */
export function parseRuleWords(words: readonly string[]): Result<Rule, string> {
  const problems = new Problems();
  const rule = finish(collect(words, problems), problems);
  return problems.first === null ? ok(rule) : err(problems.first);
}

function collect(words: readonly string[], problems: Problems): Draft {
  const draft: Draft = { fields: new Map(), matches: [], target: null };
  for (let i = 0; i < words.length; i++) {
    const isInverted = words[i] === '!';
    if (isInverted) i += 1;
    const option = words[i] ?? '';
    const header = HEADER[option];
    if (header) {
      takeHeader(draft, header, { value: words[i + 1] ?? '', ...(isInverted ? { invert: true } : {}) }, problems);
      i += 1;
    } else {
      if (isPortOption(option)) loadPortMatch(draft);
      const groups = draft.target ? [...draft.matches, draft.target] : draft.matches;
      i += takeOption(option, words.slice(i + 1), isInverted, groups, problems);
    }
  }
  return draft;
}

function takeHeader(draft: Draft, option: HeaderOption, field: Field, problems: Problems): void {
  const group: OptionGroup = { name: field.value, options: new Map() };
  if (field.value === '') problems.note('an option has no value');
  if (option === 'match') {
    if (!isMatchName(field.value)) problems.note(`match "${field.value}" is not modelled`);
    draft.matches.push(group);
    return;
  }
  if (draft.fields.has(option)) problems.note(`"${field.value}" is given to an option that already has a value`);
  draft.fields.set(option, field);
  if (option === 'jump' || option === 'goto') draft.target = group;
}

/** `-p tcp --dport 80` loads the match `tcp` by itself. */
function loadPortMatch(draft: Draft): void {
  const proto = draft.fields.get('proto')?.value ?? '';
  const isLoaded = draft.matches.some((group) => PORT_MATCHES.includes(group.name));
  if (!isLoaded && PORT_MATCHES.includes(proto)) draft.matches.push({ name: proto, options: new Map() });
}

function finish({ fields, matches, target }: Draft, problems: Problems): Rule {
  const field = <T>(name: HeaderOption, read: (text: string) => T): Inverted<T> | null => {
    const given = fields.get(name);
    return given ? { ...given, value: read(given.value) } : null;
  };
  const src = field('src', (text) => readNet(text, problems));
  const dst = field('dst', (text) => readNet(text, problems));
  const iif = field('iif', (text) => text);
  const oif = field('oif', (text) => text);
  const proto = field(
    'proto',
    (text) => readWord(PROTOCOL_NAMES[text] ?? text, PROTOCOLS, 'protocol', problems) ?? 'tcp',
  );
  return {
    ...(src ? { src } : {}),
    ...(dst ? { dst } : {}),
    ...(iif ? { iif } : {}),
    ...(oif ? { oif } : {}),
    ...(proto ? { proto } : {}),
    matches: matches.map((group) => readMatch(group, problems)).filter((match): match is Match => match !== null),
    target: target && finishTarget(target, fields.has('goto'), problems),
  };
}

function finishTarget(group: OptionGroup, isGoto: boolean, problems: Problems): Target {
  return isGoto ? { kind: 'goto', chain: group.name } : readTarget(group, problems);
}
