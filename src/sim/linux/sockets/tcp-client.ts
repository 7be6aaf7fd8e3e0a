/** A TCP connection that a program opens for one DNS question (RFC 7766), with the calls of a UDP client. */
import { headerBytes } from '../../wire/frame.ts';
import type { Kernel } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { callOut, wayFor } from './call-out.ts';
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
  const call = callOut(k, ns, 'tcp', to);
  const { port, cookie, hooked } = call;
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
        prelude: told,
      } as const;
      const way = wayFor(k, ns, call, wanted);
      if (!way.ok) return way.errno;
      const opened: Socket = {
        proto: 'tcp',
        local: { ip: way.found.src, port },
        remote: way.remote,
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
