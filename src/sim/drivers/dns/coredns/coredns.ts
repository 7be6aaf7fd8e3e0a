/**
 * CoreDNS as a program (v1.14.7): plugins in the order of plugin.cfg. What comes in is looked up in the cache, then in the cluster where its
 * Corefile has the plugin `kubernetes`, then at other servers.
 */
import type { Cluster } from '../../../kube/cluster.ts';
import { CLUSTER_DOMAIN } from '../../../kube/dns/cluster-dns.ts';
import type { NameEvent } from '../../../linux/servers/events.ts';
import type {
  ServerEvent,
  ServerProgram,
  ServerQuestion,
  ServerResult,
  ServerScene,
} from '../../../linux/servers/program.ts';
import { type DnsMessage, type DnsRecord, dnsQuery, dnsReply, isInZone } from '../../../wire/dns.ts';
import type { Ip } from '../../../wire/ip.ts';
import { truncate } from '../truncate.ts';
import { type Cache, type CacheSeconds, cached, keep } from './cache.ts';
import { lookUp, soaOf, zoneOf } from './kubernetes.ts';
import { shuffled } from './loadbalance.ts';

export const COREDNS_ID = 'coredns';

export interface CoreDnsConf {
  /** What the plugin `kubernetes` knows, as in the Corefile of kubeadm; absent: there is no such plugin. */
  readonly cluster?: Cluster;
  /** The servers in its `/etc/resolv.conf`. */
  readonly upstreams: readonly Ip[];
  /** Server blocks of their own, before the one for all names. */
  readonly forwardedZones?: readonly ForwardedZone[];
}

/** `forward . … { force_tcp }`. */
export interface ForwardedZone {
  readonly zone: string;
  readonly to: readonly Ip[];
  readonly cacheSeconds: CacheSeconds;
}

/** `cache 30`. */
export const CACHE_30: CacheSeconds = { success: 30, denial: 30 };

/** plugin/forward: `maxConnectAttempts` is 2 for each server; a server has 2 s to answer (`readTimeout`). */
const ATTEMPTS_PER_UPSTREAM = 2;
const READ_TIMEOUT_MS = 2000;

/** Somebody waits for what an upstream server says. */
interface Pending {
  readonly client: number;
  readonly query: DnsMessage;
  readonly proto: 'udp' | 'tcp';
  /** What the plugin `kubernetes` found before: an alias. */
  readonly before: readonly DnsRecord[];
  readonly asks: DnsMessage;
  readonly attempt: number;
}

interface State {
  readonly cache: Cache;
  readonly pending: ReadonlyMap<string, Pending>;
  /** Questions sent so far: a part of their names. */
  readonly sent: number;
}

const START: State = { cache: new Map(), pending: new Map(), sent: 0 };

interface Scene extends ServerScene {
  /** Its name. */
  readonly program: string;
}

/** A binary that is CoreDNS, under its name. */
export const coreDnsProgram = (id: string): ServerProgram => ({
  id,
  run(event, scene) {
    const at = { ...scene, program: id };
    const state = (at.state as State | undefined) ?? START;
    return event.kind === 'query' ? answer(event, at, state) : heard(event, at, state);
  },
});

export const COREDNS = coreDnsProgram(COREDNS_ID);

interface Block {
  readonly to: readonly Ip[];
  readonly overTcp: boolean;
  /** Null: not kept. */
  readonly cacheSeconds: CacheSeconds | null;
}

/**
 * The server block that a name belongs to. kubeadm's has `cache 30 { disable success cluster.local; disable denial cluster.local }`: the API
 * server tells of every change at once.
 */
function blockOf({ cluster, upstreams, forwardedZones = [] }: CoreDnsConf, name: string): Block {
  const own = forwardedZones.find(({ zone }) => isInZone(name, zone));
  if (own) return { to: own.to, overTcp: true, cacheSeconds: own.cacheSeconds };
  const isKept = !cluster || !isInZone(name, CLUSTER_DOMAIN);
  return { to: upstreams, overTcp: false, cacheSeconds: isKept ? CACHE_30 : null };
}

function answer(event: Extract<ServerEvent, { kind: 'query' }>, at: Scene, state: State): ServerResult {
  const { message: query, client, proto } = event;
  const { question } = query;
  const { cluster } = at.conf as CoreDnsConf;
  const waiting = { client, query, proto };
  const hit = cached(state.cache, query, at.nowNs);
  if (hit) {
    const told = tell(at, query, 'cache', 'it was asked this before, and remembers the answer');
    return reply(state, at, waiting, hit, [told]);
  }
  const found = cluster ? lookUp(cluster, question) : null;
  if (!found) return ask(state, at, { ...waiting, before: [], asks: query, attempt: 0 }, []);
  const told = tell(at, query, 'kubernetes', found.what);
  if (found.outside !== undefined) {
    const asks = dnsQuery(query.id, { name: found.outside, type: question.type });
    return ask(state, at, { ...waiting, before: found.answers, asks, attempt: 0 }, [told]);
  }
  const authority = found.answers.length === 0 ? [soaOf(zoneOf(question.name) ?? '.')] : [];
  const { rcode, answers, additional } = found;
  return reply(state, at, waiting, dnsReply(query, rcode, { authoritative: true, answers, authority, additional }), [
    told,
  ]);
}

const tell = ({ program }: Scene, { question }: DnsMessage, part: string, what: string): NameEvent => ({
  kind: 'name-server',
  program,
  part,
  question,
  what,
});

/** The plugin `loadbalance`, in kubeadm's Corefile alone, mixes addresses; the server cuts what is too long, and puts the client's own OPT record back. */
function reply(
  state: State,
  { draw, conf }: Scene,
  { client, query, proto }: Pick<Pending, 'client' | 'query' | 'proto'>,
  message: DnsMessage,
  told: readonly NameEvent[],
): ServerResult {
  const { compressed: _, edns: __, ...plain } = message;
  const answers = (conf as CoreDnsConf).cluster ? shuffled(message.answers, draw) : message.answers;
  const mixed = { ...plain, ...(query.edns ? { edns: query.edns } : {}), answers };
  return { state, told, questions: [], replies: [{ client, message: truncate(query, mixed, proto) }] };
}

/** The plugin `forward`. SIMPLIFIED: without `force_tcp` over UDP also for those who asked over TCP; a server is never marked as down. */
function ask(state: State, at: Scene, pending: Pending, told: readonly NameEvent[]): ServerResult {
  const conf = at.conf as CoreDnsConf;
  const { name } = pending.asks.question;
  const { to: upstreams, overTcp } = blockOf(conf, name);
  const hit = pending.before.length > 0 ? cached(state.cache, pending.asks, at.nowNs) : null;
  if (hit) return finish(state, at, pending, hit, told);
  if (pending.attempt >= upstreams.length * ATTEMPTS_PER_UPSTREAM) return giveUp(state, at, pending, told);
  const first = pending.attempt === 0 ? at.draw(Math.max(1, upstreams.length)) : 0;
  const to = upstreams[(first + pending.attempt) % upstreams.length] as Ip;
  const asked = `${state.sent}`;
  const message = { ...pending.asks, id: at.draw(65_536) };
  const question: ServerQuestion = { asked, to, message, waitMs: READ_TIMEOUT_MS, ...(overTcp && { tcp: true }) };
  const again = pending.attempt === 0 ? '' : ' again: nothing came back';
  const why = conf.cluster ? `${name} is not the cluster's` : 'it does not remember an answer';
  const what = `${why}: it asks ${to}${overTcp ? ' over TCP' : ''}${again}`;
  return {
    state: { ...state, sent: state.sent + 1, pending: new Map([...state.pending, [asked, pending]]) },
    told: [...told, tell(at, pending.asks, 'forward', what)],
    replies: [],
    questions: [question],
  };
}

function heard(event: Exclude<ServerEvent, { kind: 'query' }>, at: Scene, state: State): ServerResult {
  const { asked } = event;
  const pending = state.pending.get(asked);
  if (!pending) return { state, told: [], replies: [], questions: [] };
  const rest = { ...state, pending: new Map([...state.pending].filter(([key]) => key !== asked)) };
  if (event.kind === 'failure') return ask(rest, at, { ...pending, attempt: pending.attempt + 1 }, []);
  const most = blockOf(at.conf as CoreDnsConf, event.message.question.name).cacheSeconds;
  const { cache, message } = keep(rest.cache, { ...event.message, id: pending.query.id }, at.nowNs, most);
  const told = tell(at, pending.asks, 'forward', `the answer of the other server is passed on, and kept for a while`);
  return finish({ ...rest, cache }, at, pending, message, [told]);
}

/** To an alias belongs whatever its target has; of a failure nothing is left (backend_lookup.go). */
function finish(
  state: State,
  at: Scene,
  pending: Pending,
  message: DnsMessage,
  told: readonly NameEvent[],
): ServerResult {
  if (pending.before.length === 0) return reply(state, at, pending, message, told);
  const answers = [...pending.before, ...message.answers];
  return reply(state, at, pending, dnsReply(pending.query, 'NOERROR', { authoritative: true, answers }), told);
}

function giveUp(state: State, at: Scene, pending: Pending, told: readonly NameEvent[]): ServerResult {
  const failed = tell(at, pending.asks, 'forward', 'no upstream server answered: SERVFAIL');
  if (pending.before.length === 0)
    return reply(state, at, pending, dnsReply(pending.query, 'SERVFAIL'), [...told, failed]);
  const authority = [soaOf(zoneOf(pending.query.question.name) ?? '.')];
  return reply(state, at, pending, dnsReply(pending.query, 'NOERROR', { authoritative: true, authority }), [
    ...told,
    failed,
  ]);
}
