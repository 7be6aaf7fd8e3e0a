/** A UDP socket that a program connects to one server, as resolvers do (connect(2), then send and receive). */
import type { DnsMessage } from '../../wire/dns.ts';
import { headerBytes } from '../../wire/frame.ts';
import type { Kernel } from '../kernel.ts';
import type { LocalPacket } from '../local.ts';
import type { Netns } from '../netns.ts';
import type { StepBody } from '../step.ts';
import { callOut, wayFor } from './call-out.ts';
import type { Errno, Socket, SocketEvent } from './socket.ts';
import { dnsPayload, sendDatagram } from './udp.ts';

export interface UdpClient {
  /** The error of the call, or null. `told`: what the program did before it called. */
  send(message: DnsMessage, told?: readonly StepBody[]): Errno | null;
  close(): void;
}

const UDP_BYTES = 8;

export function openUdp(
  k: Kernel,
  ns: Netns,
  to: Socket['remote'],
  program: string,
  notify: (event: SocketEvent) => void,
): UdpClient {
  const call = callOut(k, ns, 'udp', to);
  const { port, cookie, hooked } = call;
  let socket: Socket | null = null;
  return {
    send(message, told = []) {
      const wanted: LocalPacket = {
        to: to.ip,
        from: undefined,
        l4: { proto: 'udp', sport: port, dport: to.port, ...dnsPayload(message) },
        len: headerBytes(to.ip) + UDP_BYTES + dnsPayload(message).dataBytes,
        df: true,
        by: program,
        what: 'DNS query',
        prelude: told,
      };
      const way = wayFor(k, ns, call, wanted);
      if (!way.ok) return way.errno;
      socket ??= {
        proto: 'udp',
        local: { ip: way.found.src, port },
        remote: way.remote,
        phase: 'ESTABLISHED',
        seq: 0,
        ack: 0,
        attempt: 0,
        options: {},
        program,
        listener: null,
        notify,
        calls: hooked && { cookie, told: hooked.told },
      };
      sendDatagram(k, ns, socket, dnsPayload(message), told);
      return null;
    },
    close() {
      if (socket) socket.phase = 'CLOSED';
    },
  };
}
