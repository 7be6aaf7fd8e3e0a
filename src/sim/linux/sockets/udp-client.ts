/** A UDP socket that a program connects to one server, as resolvers do (connect(2), then send and receive). */
import type { DnsMessage } from '../../wire/dns.ts';
import { headerBytes } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { runSockHook } from '../bpf/sock.ts';
import type { Kernel } from '../kernel.ts';
import { type LocalPacket, neverSent, refuseLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { routeOutput } from '../routing/route-output.ts';
import type { StepBody } from '../step.ts';
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
  const port = k.choices.ephemeralPort();
  const cookie = `${ns.id} ${k.packets} ${port}`;
  const hooked =
    ns.bpf && familyOf(to.ip) === 4 ? runSockHook(k, ns, 'connect4', { proto: 'udp', address: to, cookie }) : undefined;
  const remote = hooked ? hooked.address : to;
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
        prelude: [...told, ...(remote ? [] : (hooked?.told ?? []))],
      };
      if (!remote) {
        const detail = `the call to ${to.ip}:${to.port} is refused by a program on the node: it has nobody behind it`;
        neverSent(k, ns, wanted, 'SOCK_REJECTED', detail, {
          kind: 'program',
          text: `${to.ip}:${to.port}: no backend`,
        });
        return hooked?.errno ?? 'EHOSTUNREACH';
      }
      const found = routeOutput(ns, remote.ip);
      if (!found.ok) {
        const text = `${remote.ip}: no route`;
        refuseLocal(k, ns, wanted, 'IP_OUTNOROUTES', `${ns.id} has no route to ${remote.ip}`, { kind: 'route', text });
        return found.errno;
      }
      socket ??= {
        proto: 'udp',
        local: { ip: found.src, port },
        remote,
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
