/** Runs the process behind a port: hands it what arrives, and carries out what it answers. */
import { type DnsMessage, isAnswer } from '../../wire/dns.ts';
import type { Ip } from '../../wire/ip.ts';
import type { Listener } from '../config.ts';
import { after, type Kernel, tellBeside } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import type { ServerEvent, ServerMemory, ServerQuestion } from './program.ts';

const NS_PER_MS = 1_000_000;

interface Request {
  readonly query: DnsMessage | undefined;
  readonly proto: 'udp' | 'tcp';
  readonly from: Ip;
}

/** What is no question is not answered (CoreDNS core/dnsserver, miekg/dns `DefaultMsgAcceptFunc`). */
export function serve(
  k: Kernel,
  ns: Netns,
  listener: Listener,
  { query, proto, from }: Request,
  answer: (message: DnsMessage) => void,
): void {
  if (!query || isAnswer(query)) return;
  const memory = memoryOf(ns, listener);
  memory.clients += 1;
  memory.waiting.set(memory.clients, answer);
  run(k, ns, listener, { kind: 'query', client: memory.clients, message: query, proto, from });
}

function memoryOf(ns: Netns, { server }: Listener): ServerMemory {
  const id = server?.program ?? '';
  const known = ns.memory.servers.get(id);
  if (known) return known;
  const fresh: ServerMemory = { state: undefined, clients: 0, waiting: new Map() };
  ns.memory.servers.set(id, fresh);
  return fresh;
}

function run(k: Kernel, ns: Netns, listener: Listener, event: ServerEvent): void {
  const { server } = listener;
  const program = server && k.servers.get(server.program);
  if (!server || !program) return;
  const memory = memoryOf(ns, listener);
  const { draw } = k.choices;
  const result = program.run(event, { conf: server.conf(), state: memory.state, nowNs: k.nowNs, draw });
  memory.state = result.state;
  const at = k.steps.length - 1;
  for (const body of result.told) tellBeside(k, at, body);
  for (const { client, message } of result.replies) {
    const reply = memory.waiting.get(client);
    memory.waiting.delete(client);
    reply?.(message);
  }
  for (const question of result.questions) ask(k, ns, listener, question);
}

/** Sends the server's own question, and tells it what became of that. */
function ask(k: Kernel, ns: Netns, listener: Listener, { asked, to, message, waitMs, tcp }: ServerQuestion): void {
  let isOver = false;
  const end = (event: ServerEvent): void => {
    if (isOver) return;
    isOver = true;
    opened.close();
    run(k, ns, listener, event);
  };
  const open = tcp ? k.ops.openTcp : k.ops.openUdp;
  const opened = open(k, ns, { ip: to, port: 53 }, listener.program, (event) => {
    if (event.kind === 'error') end({ kind: 'failure', asked, errno: event.errno });
    if (event.kind === 'data' && event.dns) end({ kind: 'answer', asked, message: event.dns });
  });
  const errno = opened.send(message);
  if (errno !== null) return end({ kind: 'failure', asked, errno });
  after(k, waitMs * NS_PER_MS, () => end({ kind: 'failure', asked, errno: 'ETIMEDOUT' }));
}
