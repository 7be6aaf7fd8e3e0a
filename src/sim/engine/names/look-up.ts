/** getaddrinfo(3): from a name to addresses, through the search list (resolv/res_query.c, nss/getaddrinfo.c of glibc 2.42). */
import { tellBeside } from '../../linux/kernel.ts';
import type { NameError } from '../../linux/servers/events.ts';
import type { DnsMessage, DnsType } from '../../wire/dns.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { askServers, type Heard, type Resolver } from './ask-servers.ts';
import { candidatesOf } from './candidates.ts';

export interface LookedUp {
  readonly name: string;
  /** In the order in which a program tries them. */
  readonly addresses: readonly Ip[];
  /** Null: there are addresses. */
  readonly error: NameError | null;
  /** The absolute name that was answered for; null where none was. */
  readonly found: string | null;
}

/** What is asked for a family; both where the program takes any (`AF_UNSPEC`). */
const typesFor = (family: 4 | 6 | undefined): readonly DnsType[] =>
  family === undefined ? ['A', 'AAAA'] : [family === 4 ? 'A' : 'AAAA'];

export function lookUpName(resolver: Resolver, name: string, family?: 4 | 6): LookedUp {
  const search = searchFor(resolver, name, typesFor(family));
  const addresses = sorted(resolver, search.messages.flatMap(addressesIn));
  const error = addresses.length > 0 ? null : (search.error ?? 'EAI_NODATA');
  tellBeside(resolver.k, resolver.k.steps.length - 1, { kind: 'name-result', name, addresses, error });
  return { name, addresses, error, found: error === null ? search.query : null };
}

interface Searched {
  readonly messages: readonly DnsMessage[];
  readonly query: string | null;
  readonly error: NameError | null;
}

/** What h_errno would be for one candidate; null: it has an answer. */
function failureOf(heard: Heard): NameError | null {
  if (heard.kind === 'nothing') return 'EAI_AGAIN';
  const { messages } = heard;
  if (messages.some(({ rcode, answers }) => rcode === 'NOERROR' && answers.length > 0)) return null;
  const rcode = messages.find((message) => message.rcode !== 'NOERROR')?.rcode ?? 'NOERROR';
  if (rcode === 'NXDOMAIN') return 'EAI_NONAME';
  if (rcode === 'SERVFAIL') return 'EAI_AGAIN';
  return rcode === 'NOERROR' ? 'EAI_NODATA' : 'EAI_FAIL';
}

function searchFor(resolver: Resolver, name: string, types: readonly DnsType[]): Searched {
  const candidates = candidatesOf(name, resolver.options);
  let asIs: NameError | null = null;
  let sawNoData = false;
  let sawServfail = false;
  let last: NameError = 'EAI_NONAME';
  let isDone = false;
  for (const [at, { query, domain }] of candidates.entries()) {
    // After a failure that is more than a missing name only the name as it is remains to be tried.
    if (isDone && domain !== null) continue;
    const place = { candidate: at + 1, candidates: candidates.length };
    const heard = askServers(resolver, { name, query, types, ...place });
    const failure = failureOf(heard);
    if (failure === null) return { messages: heard.kind === 'answers' ? heard.messages : [], query, error: null };
    last = failure;
    if (domain === null) {
      if (at === 0) asIs = failure;
      continue;
    }
    if (heard.kind === 'nothing' && heard.errno === 'ECONNREFUSED')
      return { messages: [], query: null, error: 'EAI_AGAIN' };
    sawNoData ||= failure === 'EAI_NODATA';
    const isServfail = heard.kind === 'nothing' && heard.isServfail;
    sawServfail ||= isServfail;
    isDone ||= failure !== 'EAI_NODATA' && failure !== 'EAI_NONAME' && !isServfail;
  }
  const error = asIs ?? (sawNoData ? 'EAI_NODATA' : sawServfail ? 'EAI_AGAIN' : last);
  return { messages: [], query: null, error };
}

const addressesIn = ({ answers }: DnsMessage): readonly Ip[] =>
  answers.flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record.address] : []));

/**
 * RFC 3484 as glibc still has it by default: IPv6 first where this machine has a global address of it; else what cannot be reached comes
 * last. Within a family the order of the answer stays.
 */
function sorted({ ns }: Resolver, addresses: readonly Ip[]): readonly Ip[] {
  const hasGlobal6 = ns.config.addresses.some(({ ip, scope }) => scope === 'global' && familyOf(ip) === 6);
  const first = hasGlobal6 ? 6 : 4;
  const isFirst = (ip: Ip): boolean => familyOf(ip) === first;
  return [...addresses.filter(isFirst), ...addresses.filter((ip) => !isFirst(ip))];
}
