/** A packet that is for this namespace: INPUT, then the protocol that it belongs to (net/ipv4/ip_input.c, net/ipv6/ip6_input.c). */
import { isEchoRequest, isIcmpError, isLaterFragment, isNdp } from '../wire/frame.ts';
import { familyOf } from '../wire/ip.ts';
import type { Device } from './config.ts';
import { externalReceive } from './devices/external-tunnel.ts';
import { ipipReceive } from './devices/ipip.ts';
import { vxlanReceive } from './devices/vxlan.ts';
import { echoReply, icmpError } from './icmp.ts';
import { culpritDevice, drop, type Kernel, tell } from './kernel.ts';
import { ndpReceive } from './neighbour/ndp.ts';
import { runHook } from './netfilter/hooks.ts';
import type { Netns } from './netns.ts';
import { gather } from './reassembly.ts';
import { ipOf, type Skb } from './skb.ts';
import { icmpToSocket } from './sockets/errors.ts';
import { sctpReceive } from './sockets/sctp.ts';
import { tcpReceive } from './sockets/tcp.ts';
import { udpReceive } from './sockets/udp.ts';

export function deliver(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  // Pieces are joined before INPUT; of IPv6 after it, as the header that says so comes later.
  const isV6 = familyOf(ipOf(skb).dst) === 6;
  if (!isV6 && !gather(k, ns, skb, 'delivery')) return;
  if (!runHook(k, ns, skb, 'INPUT', dev.name)) return;
  if (isV6 && !gather(k, ns, skb, 'delivery')) return;
  const { l4 } = ipOf(skb);
  if (isLaterFragment(l4)) return;
  if (l4.proto === 'tcp') return tcpReceive(k, ns, skb, l4);
  if (l4.proto === 'udp') {
    if (vxlanReceive(k, ns, skb, l4) || externalReceive(k, ns, skb, l4)) return;
    if (udpReceive(k, ns, skb, l4)) return;
    return portClosed(k, ns, skb, l4.dport);
  }
  if (l4.proto === 'sctp') return sctpReceive(k, ns, skb, l4);
  if (l4.proto === 'ipencap') return ipipReceive(k, ns, skb, l4);
  if (isIcmpError(l4)) return icmpToSocket(k, ns, skb, l4);
  if (isNdp(l4)) return ndpReceive(k, ns, dev, skb, l4);
  if (isEchoRequest(l4)) {
    const what = isV6 ? 'ICMPv6 echo request' : 'ICMP echo request';
    tell(k, ns, skb, { kind: 'deliver', to: 'icmp', socket: null, what });
    return echoReply(k, ns, skb, l4);
  }
  icmpToSocket(k, ns, skb, l4);
}

const tunnelPort = (d: Device): number | null =>
  d.kind === 'vxlan' ? d.vxlan.dstPort : 'dstPort' in d ? d.dstPort : null;

/** ICMP port unreachable. A tunnel device that is down has closed its port (vxlan_stop). */
function portClosed(k: Kernel, ns: Netns, skb: Skb, port: number): void {
  icmpError(k, ns, skb, 'port-closed');
  const tunnel = ns.config.devices.find((d) => tunnelPort(d) === port && !d.up);
  if (tunnel)
    return drop(k, ns, skb, 'DEV_DOWN', `${tunnel.name} is down, so UDP port ${port} is closed`, culpritDevice(tunnel));
  drop(k, ns, skb, 'NO_SOCKET', `nobody listens on UDP port ${port}`, {
    kind: 'listener',
    text: `${ns.id}: no UDP socket on port ${port}`,
  });
}
