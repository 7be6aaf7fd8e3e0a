/** The same question once more over TCP, because the answer did not fit into a datagram (RFC 7766 section 5). */
import { runSockHook } from '../../linux/bpf/sock.ts';
import { runUntil } from '../../linux/kernel.ts';
import { routeOutput } from '../../linux/routing/route-output.ts';
import type { Socket, SocketEvent } from '../../linux/sockets/socket.ts';
import { close, connect, sendDns } from '../../linux/sockets/tcp.ts';
import { DNS_PORT, type DnsMessage, dnsQuery } from '../../wire/dns.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import type { Asking, Resolver } from './ask-servers.ts';

const NS_PER_SECOND = 1_000_000_000;

/** Null: no answer came. */
export function askOverTcp(
  { k, ns, program, options }: Pick<Resolver, 'k' | 'ns' | 'program' | 'options'>,
  { query }: Pick<Asking, 'query'>,
  server: Ip,
  { id, question, edns }: DnsMessage,
): DnsMessage | null {
  const to = { ip: server, port: DNS_PORT };
  const port = k.choices.ephemeralPort();
  const cookie = `${ns.id} ${k.packets} ${port}`;
  const hooked =
    ns.bpf && familyOf(server) === 4
      ? runSockHook(k, ns, 'connect4', { proto: 'tcp', address: to, cookie })
      : undefined;
  const remote = hooked ? hooked.address : to;
  const found = remote && routeOutput(ns, remote.ip);
  if (!remote || !found?.ok) return null;
  const asked = dnsQuery(id, { ...question, name: query }, { recursionDesired: true, ...(edns ? { edns } : {}) });
  let answer: DnsMessage | null = null;
  let isOver = false;
  const notify = (event: SocketEvent): void => {
    if (event.kind === 'connected') sendDns(k, ns, socket, asked);
    if (event.kind === 'error') isOver = true;
    if (event.kind !== 'data' || !event.dns) return;
    answer = event.dns;
    close(k, ns, socket);
  };
  const socket: Socket = {
    proto: 'tcp',
    local: { ip: found.src, port },
    remote,
    phase: 'SYN_SENT',
    seq: 0,
    ack: 0,
    attempt: 0,
    options: {},
    program,
    listener: null,
    notify,
    calls: hooked && { cookie, told: hooked.told },
  };
  connect(k, ns, socket);
  const untilNs = k.nowNs + options.timeoutSeconds * NS_PER_SECOND;
  runUntil(k, untilNs, () => isOver || socket.phase === 'CLOSED');
  socket.phase = 'CLOSED';
  return answer;
}
