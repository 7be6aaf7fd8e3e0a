/** `nslookup` and `dig` (BIND 9.18): programs whose whole matter is a name. */
import type { ResolvConf } from '../../kube/dns/resolv-conf.ts';
import type { NetnsConfig, NsId } from '../../linux/config.ts';
import { type Choices, type Kernel, tellBeside } from '../../linux/kernel.ts';
import type { Probe } from '../../scenario/probe.ts';
import { absoluteName, type DnsMessage, type DnsType, reverseName } from '../../wire/dns.ts';
import { type Ip, parseIp } from '../../wire/ip.ts';
import { open } from '../run-program.ts';
import { askOverTcp } from './ask-over-tcp.ts';
import { askServers, type Resolver } from './ask-servers.ts';
import { candidatesOf } from './candidates.ts';
import { type ResolverOptions, resolverOptions } from './resolver-options.ts';

const NS_PER_MS = 1_000_000;

export interface NameToolRun {
  readonly kernel: Kernel;
  /** As it was typed. */
  readonly name: string;
  readonly server: Ip;
  /** What is told, in the order in which it came; of dig one. Empty: nobody answered. */
  readonly answers: readonly { readonly message: DnsMessage; readonly tookMs: number }[];
  /** Why nobody answered. */
  readonly errno: 'ECONNREFUSED' | 'ETIMEDOUT' | null;
}

/** What dig says of itself in each query: it takes 1232 bytes, and has a cookie. */
const DIG_UDP_BYTES = 1232;
const COOKIE_BELOW = 0xffff_ffff;
/** Of 5 s each, where nobody answers. */
export const NAME_TOOL_TRIES = 3;

export function runNameTool(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  warm: boolean,
  choices: Choices,
  ns: NsId,
  probe: Probe & { readonly proto: 'dig' | 'nslookup' },
  conf: ResolvConf,
  name: string,
): NameToolRun {
  const opened = open(configs, warm, choices, { ns });
  const { proto } = probe;
  const { server, type, tcp, search } = probe.options?.dns ?? {};
  const own = resolverOptions(conf);
  const typed = server === undefined ? null : parseIp(server);
  const servers = typed?.ok ? [typed.value] : own.servers;
  const options: ResolverOptions = { ...own, servers, attempts: NAME_TOOL_TRIES, timeoutSeconds: 5 };
  const cookie = choices.draw(COOKIE_BELOW).toString(16).padStart(8, '0').repeat(2);
  const resolver: Resolver = {
    k: opened.kernel,
    ns: opened.ns,
    program: proto,
    options,
    oneByOne: 'no',
    ...(proto === 'dig' ? { edns: { udpBytes: DIG_UDP_BYTES, cookie } } : {}),
  };
  const ask = { name, type: type ?? 'A', isTcp: tcp === true };
  const isSearched = proto === 'nslookup' || search === true;
  const run = proto === 'dig' ? digRun(resolver, ask, isSearched) : nslookupRun(resolver, ask, type === undefined);
  return { kernel: opened.kernel, name, server: servers[0] as Ip, ...run };
}

interface Ask {
  readonly name: string;
  readonly type: DnsType;
  readonly isTcp: boolean;
}

type Answered = Pick<NameToolRun, 'answers' | 'errno'>;

/** An address is turned round: it is its name that is asked for. */
function queriesOf({ name, type }: Ask, { options }: Resolver, isSearched: boolean) {
  const address = parseIp(name);
  if (address.ok) return { type: 'PTR' as const, names: [reverseName(address.value)] };
  const names = isSearched ? candidatesOf(name, options).map(({ query }) => query) : [absoluteName(name)];
  return { type, names };
}

function digRun(resolver: Resolver, ask: Ask, isSearched: boolean): Answered {
  const { names, type } = queriesOf(ask, resolver, isSearched);
  const found = firstFound(resolver, ask, names, type);
  return { answers: found.last ? [found.last] : [], errno: found.errno };
}

/** Where no type was asked for, the AAAA of the name that was found comes after its A. */
function nslookupRun(resolver: Resolver, ask: Ask, isBoth: boolean): Answered {
  const { names, type } = queriesOf(ask, resolver, true);
  const found = firstFound(resolver, ask, names, type);
  if (!found.last) return { answers: [], errno: found.errno };
  const isFound = found.last.message.rcode === 'NOERROR';
  if (!isBoth || type !== 'A' || !isFound) return { answers: [found.last], errno: null };
  const more = firstFound(resolver, ask, [found.last.message.question.name], 'AAAA');
  return { answers: [found.last, ...(more.last ? [more.last] : [])], errno: null };
}

/** The search ends with the first name that exists. */
function firstFound(resolver: Resolver, ask: Ask, names: readonly string[], type: DnsType) {
  let last: NameToolRun['answers'][number] | null = null;
  for (const [at, query] of names.entries()) {
    const startNs = resolver.k.nowNs;
    const asking = { name: ask.name, query, types: [type], candidate: at + 1, candidates: names.length };
    const heard = ask.isTcp ? overTcp(resolver, query, type) : askServers(resolver, asking);
    const message = heard.kind === 'answers' ? heard.messages[0] : undefined;
    if (heard.kind !== 'answers' || !message) {
      const errno = heard.kind === 'nothing' ? heard.errno : 'ETIMEDOUT';
      return { last, errno: last ? null : errno };
    }
    last = { message, tookMs: Math.round((resolver.k.nowNs - startNs) / NS_PER_MS) };
    if (message.rcode !== 'NXDOMAIN') break;
  }
  return { last, errno: null };
}

function overTcp(resolver: Resolver, query: string, type: DnsType): ReturnType<typeof askServers> {
  const { options, edns, k } = resolver;
  const id = k.choices.draw(65_536);
  const question = { name: query, type };
  const like = { id, question, answers: [], authority: [], additional: [], ...(edns ? { edns } : {}) };
  const message = askOverTcp(resolver, { query }, options.servers[0] as Ip, like);
  if (!message) return { kind: 'nothing', errno: 'ETIMEDOUT', isServfail: false };
  tellBeside(k, k.steps.length - 1, { kind: 'name-answer', query, messages: [message] });
  return { kind: 'answers', messages: [message] };
}
