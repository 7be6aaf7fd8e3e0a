/**
 * Sends the questions about one absolute name to the servers, as glibc does (resolv/res_send.c `send_dg`, glibc 2.42): both types from one
 * socket at once; server after server, then all again.
 */
import { type Kernel, runUntil, tellBeside } from '../../linux/kernel.ts';
import type { Netns } from '../../linux/netns.ts';
import type { NameEvent } from '../../linux/servers/events.ts';
import type { SocketEvent } from '../../linux/sockets/socket.ts';
import { openUdp } from '../../linux/sockets/udp-client.ts';
import { DNS_PORT, type DnsMessage, type DnsType, dnsQuery, isAnswer } from '../../wire/dns.ts';
import type { Ip } from '../../wire/ip.ts';
import { askOverTcp } from './ask-over-tcp.ts';
import type { ResolverOptions } from './resolver-options.ts';

const NS_PER_SECOND = 1_000_000_000;
const NS_PER_MS = 1_000_000;
const ID_MAX = 65_536;

/** One process with its resolver: what it has learned about its servers stays (`_res.options`). */
export interface Resolver {
  readonly k: Kernel;
  readonly ns: Netns;
  /** `curl`. */
  readonly program: string;
  readonly options: ResolverOptions;
  oneByOne: 'no' | 'same socket' | 'new socket';
  /** What each question says of the one who asks. */
  readonly edns?: NonNullable<DnsMessage['edns']>;
}

/** What is asked, and its place in the search. */
export interface Asking {
  readonly name: string;
  readonly query: string;
  readonly types: readonly DnsType[];
  readonly candidate: number;
  readonly candidates: number;
}

export type Heard =
  | { readonly kind: 'answers'; readonly messages: readonly DnsMessage[] }
  /** No server answered, or only with failures. */
  | { readonly kind: 'nothing'; readonly errno: 'ECONNREFUSED' | 'ETIMEDOUT'; readonly isServfail: boolean };

export function askServers(resolver: Resolver, asking: Asking): Heard {
  const { options } = resolver;
  let gotSomewhere = false;
  let isServfail = false;
  for (let attempt = 1; attempt <= options.attempts; attempt++) {
    for (const [n, server] of options.servers.entries()) {
      const said = askServer(resolver, asking, server, n, attempt);
      if (said.messages.length > 0) return { kind: 'answers', messages: said.messages };
      gotSomewhere ||= said.gotSomewhere;
      isServfail = said.isServfail;
    }
  }
  return { kind: 'nothing', errno: gotSomewhere ? 'ETIMEDOUT' : 'ECONNREFUSED', isServfail };
}

interface Said {
  /** Without those that only say that the server failed. */
  readonly messages: readonly DnsMessage[];
  /** It answered, or was silent for its whole time: what is refused at once is as if nobody were there. */
  readonly gotSomewhere: boolean;
  readonly isServfail: boolean;
}

const FAILURES: ReadonlySet<string> = new Set(['SERVFAIL', 'NOTIMP', 'REFUSED']);

function askServer(resolver: Resolver, asking: Asking, server: Ip, n: number, attempt: number): Said {
  const { k, options } = resolver;
  const shifted = options.timeoutSeconds << n;
  const seconds = Math.max(1, n > 0 ? Math.floor(shifted / options.servers.length) : shifted);
  for (;;) {
    const startNs = k.nowNs;
    const exchange = exchangeWith(resolver, asking, server, attempt, seconds);
    const answered = exchange.messages.length;
    if (answered > 0 && answered === asking.types.length) {
      tellBeside(k, exchange.at, { kind: 'name-answer', query: asking.query, messages: exchange.messages });
      return sayOf(resolver, asking, server, exchange.messages);
    }
    tellSilence(resolver, asking, server, exchange, Math.round((k.nowNs - startNs) / NS_PER_MS));
    if (exchange.errno !== null) return { messages: [], gotSomewhere: answered > 0, isServfail: false };
    // One answer came and the other did not: some servers and firewalls cannot do two at once, so it tries them one by one.
    if (answered > 0 && resolver.oneByOne !== 'new socket') {
      resolver.oneByOne = resolver.oneByOne === 'no' ? 'same socket' : 'new socket';
      continue;
    }
    return { messages: exchange.messages.filter(isGood), gotSomewhere: true, isServfail: false };
  }
}

const isGood = ({ rcode }: DnsMessage): boolean => !FAILURES.has(rcode ?? '');

function sayOf(resolver: Resolver, asking: Asking, server: Ip, all: readonly DnsMessage[]): Said {
  const whole = all.map((message) =>
    message.truncated ? (askOverTcp(resolver, asking, server, message) ?? message) : message,
  );
  const messages = whole.filter(isGood);
  const isServfail = messages.length === 0 && whole.some(({ rcode }) => rcode === 'SERVFAIL');
  return { messages, gotSomewhere: true, isServfail };
}

interface Exchange {
  readonly messages: readonly DnsMessage[];
  readonly errno: string | null;
  /** The step that told the program last, or that of its last question. */
  readonly at: number;
}

function tellSilence(
  { k }: Resolver,
  asking: Asking,
  server: Ip,
  { messages, errno, at }: Exchange,
  waitedMs: number,
): void {
  const heard = messages.map(({ question }) => question.type);
  tellBeside(k, at, {
    kind: 'name-silence',
    query: asking.query,
    server,
    waitedMs,
    ...(errno === null ? {} : { errno }),
    ...(heard.length > 0 ? { heard } : {}),
  });
}

function exchangeWith(resolver: Resolver, asking: Asking, server: Ip, attempt: number, seconds: number): Exchange {
  const { k, oneByOne } = resolver;
  const told = queryEvent(resolver, asking, server, attempt);
  const more = { recursionDesired: true, ...(resolver.edns ? { edns: resolver.edns } : {}) } as const;
  const questions = asking.types.map((type) => dnsQuery(k.choices.draw(ID_MAX), { name: asking.query, type }, more));
  if (oneByOne === 'no' || questions.length < 2) return exchangeOn(resolver, server, questions, seconds, [told]);
  const [first, ...others] = questions.map((question) => [question]);
  let whole = exchangeOn(resolver, server, first ?? [], seconds, [told]);
  for (const next of others) {
    if (whole.messages.length === 0) return whole;
    const more = exchangeOn(resolver, server, next, seconds, []);
    whole = { messages: [...whole.messages, ...more.messages], errno: more.errno, at: more.at };
  }
  return whole;
}

function queryEvent({ oneByOne }: Resolver, asking: Asking, server: Ip, attempt: number): NameEvent {
  const { name, query, types, candidate, candidates } = asking;
  return {
    kind: 'name-query',
    name,
    query,
    types,
    server,
    candidate,
    candidates,
    attempt,
    ...(oneByOne === 'no' ? {} : { oneByOne: true }),
  };
}

/** All questions from one socket; until all are answered, one is refused, or time is up. SIMPLIFIED: each exchange has a new socket. */
function exchangeOn(
  { k, ns, program }: Resolver,
  server: Ip,
  questions: readonly DnsMessage[],
  seconds: number,
  told: readonly NameEvent[],
): Exchange {
  const messages: DnsMessage[] = [];
  let errno: string | null = null;
  let at = k.steps.length;
  const socket = openUdp(k, ns, { ip: server, port: DNS_PORT }, program, (event: SocketEvent) => {
    if (event.kind === 'error') errno = event.errno;
    if (event.kind === 'data' && event.dns && isAnswer(event.dns) && isOpen(event.dns)) messages.push(event.dns);
    at = event.step;
  });
  const isOpen = ({ id, question }: DnsMessage): boolean =>
    questions.some((one) => one.id === id && one.question.type === question.type) &&
    !messages.some((one) => one.id === id);
  const isOver = (): boolean => errno !== null || messages.length === questions.length;
  for (const [i, question] of questions.entries()) {
    const failed = socket.send(question, i === 0 ? told : []);
    at = k.steps.length - 1;
    if (failed !== null) return { messages, errno: failed, at };
  }
  const untilNs = k.nowNs + seconds * NS_PER_SECOND;
  runUntil(k, untilNs, isOver);
  if (!isOver()) k.nowNs = untilNs;
  socket.close();
  return { messages, errno, at };
}
