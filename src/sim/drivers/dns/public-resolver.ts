/**
 * A resolver on the Internet that knows a few names. SIMPLIFIED: it stands for all servers that a real one would ask, and answers at once.
 */
import type { ServerProgram } from '../../linux/servers/program.ts';
import { type DnsMessage, type DnsQuestion, type DnsRecord, dnsReply, isInZone, type Rcode } from '../../wire/dns.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { truncate } from './truncate.ts';

export const PUBLIC_RESOLVER_ID = 'public-resolver';

export interface PublicResolverConf {
  /** Where the web server of these names is: one address of each family that the Internet has here. */
  readonly web: readonly Ip[];
}

const ADDRESS_TTL_SECONDS = 300;
const DENIAL_TTL_SECONDS = 900;
const ALIASES: ReadonlyMap<string, string> = new Map([['www.example.com.', 'example.com.']]);
const HOSTS: ReadonlySet<string> = new Set(['example.com.', 'example.org.', 'api.example.com.']);
const ZONES = ['example.com.', 'example.org.'];

export const PUBLIC_RESOLVER_PROGRAM: ServerProgram = {
  id: PUBLIC_RESOLVER_ID,
  run(event, { conf, state }) {
    if (event.kind !== 'query') return { state, told: [], replies: [], questions: [] };
    const { message: query, client, proto } = event;
    const found = resolve(query.question, conf as PublicResolverConf);
    const message: DnsMessage = dnsReply(query, found.rcode, {
      recursionAvailable: true,
      compressed: true,
      answers: found.answers,
      authority: found.answers.some(({ type }) => type === query.question.type) ? [] : [soaFor(query.question.name)],
      ...(query.edns ? { edns: { udpBytes: 512 } } : {}),
    });
    return {
      state,
      told: [{ kind: 'name-server', program: 'resolver', part: '', question: query.question, what: found.what }],
      replies: [{ client, message: truncate(query, message, proto) }],
      questions: [],
    };
  },
};

interface Found {
  readonly rcode: Rcode;
  readonly answers: readonly DnsRecord[];
  readonly what: string;
}

function resolve({ name, type }: DnsQuestion, { web }: PublicResolverConf): Found {
  const target = ALIASES.get(name);
  if (target !== undefined) {
    const alias: DnsRecord = { name, ttlSeconds: ADDRESS_TTL_SECONDS, type: 'CNAME', target };
    const next = resolve({ name: target, type }, { web });
    return { ...next, answers: [alias, ...(type === 'CNAME' ? [] : next.answers)], what: `an alias of ${target}` };
  }
  if (!HOSTS.has(name)) {
    const isZone = ZONES.includes(name);
    return { rcode: isZone ? 'NOERROR' : 'NXDOMAIN', answers: [], what: `no server of the Internet knows ${name}` };
  }
  const family = type === 'A' ? 4 : type === 'AAAA' ? 6 : null;
  const answers = web
    .filter((address) => familyOf(address) === family)
    .map(
      (address): DnsRecord => ({
        name,
        ttlSeconds: ADDRESS_TTL_SECONDS,
        type: family === 4 ? 'A' : 'AAAA',
        address,
      }),
    );
  return { rcode: 'NOERROR', answers, what: answers.length > 0 ? 'a web server' : `it has no ${type} record` };
}

/** The one that a denial comes with: of the zone that the name is in, else of the root. */
function soaFor(name: string): DnsRecord {
  const zone = ZONES.find((one) => isInZone(name, one)) ?? '.';
  const server = zone === '.' ? 'a.root-servers.net.' : `ns.${zone}`;
  return {
    name: zone,
    ttlSeconds: DENIAL_TTL_SECONDS,
    type: 'SOA',
    mname: server,
    rname: zone === '.' ? 'nstld.verisign-grs.com.' : `noc.${zone}`,
    serial: 2_026_112_000,
    refresh: 1800,
    retry: 900,
    expire: 604_800,
    minimum: DENIAL_TTL_SECONDS,
  };
}
