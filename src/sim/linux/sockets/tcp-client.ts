/** A TCP connection that a program opens for one DNS question (RFC 7766), with the calls of a UDP client. */
import { headerBytes } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { runSockHook } from '../bpf/sock.ts';
import type { Kernel } from '../kernel.ts';
import { neverSent, refuseLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { routeOutput } from '../routing/route-output.ts';
import type { Socket, SocketEvent } from './socket.ts';
import { close, connect, sendDns } from './tcp.ts';
import type { UdpClient } from './udp-client.ts';

const TCP_BYTES = 40;

/** SIMPLIFIED: it is closed after its question; CoreDNS keeps one open for the next. */
export function openTcp(
  k: Kernel,
  ns: Netns,
  to: Socket['remote'],
  program: string,
  notify: (event: SocketEvent) => void,
): UdpClient {
  const port = k.choices.ephemeralPort();
  const cookie = `${ns.id} ${k.packets} ${port}`;
  const hooked =
    ns.bpf && familyOf(to.ip) === 4 ? runSockHook(k, ns, 'connect4', { proto: 'tcp', address: to, cookie }) : undefined;
  const remote = hooked ? hooked.address : to;
  let socket: Socket | null = null;
  return {
    send(message, told = []) {
      const wanted = {
        to: to.ip,
        from: undefined,
        l4: { proto: 'tcp', sport: port, dport: to.port, flags: 'S', seq: 0, ack: 0, dataBytes: 0 },
        len: headerBytes(to.ip) + TCP_BYTES,
        df: true,
        by: program,
        what: 'TCP SYN',
        prelude: [...told, ...(remote ? [] : (hooked?.told ?? []))],
      } as const;
      if (!remote) {
        const detail = `the call to ${to.ip}:${to.port} is refused by a program on the node: it has nobody behind it`;
        const text = `${to.ip}:${to.port}: no backend`;
        neverSent(k, ns, wanted, 'SOCK_REJECTED', detail, { kind: 'program', text });
        return hooked?.errno ?? 'EHOSTUNREACH';
      }
      const found = routeOutput(ns, remote.ip);
      if (!found.ok) {
        const text = `${remote.ip}: no route`;
        refuseLocal(k, ns, wanted, 'IP_OUTNOROUTES', `${ns.id} has no route to ${remote.ip}`, { kind: 'route', text });
        return found.errno;
      }
      const opened: Socket = {
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
        notify(event) {
          if (event.kind === 'connected') sendDns(k, ns, opened, message);
          else notify(event);
        },
        calls: { cookie, told: [...told, ...(hooked?.told ?? [])] },
      };
      socket = opened;
      connect(k, ns, opened);
      return null;
    },
    close() {
      if (socket?.phase === 'ESTABLISHED') close(k, ns, socket);
      else if (socket) socket.phase = 'CLOSED';
    },
  };
}
