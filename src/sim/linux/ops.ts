/** Joins the parts of the kernel that call each other in a ring; `kernel.ts` only knows their shapes. */
import { bridgeTransmit } from './devices/bridge.ts';
import { externalTransmit } from './devices/external-tunnel.ts';
import { ipipTransmit } from './devices/ipip.ts';
import { datapathTransmit } from './devices/openvswitch.ts';
import { loopbackTransmit, vethTransmit } from './devices/veth.ts';
import { vxlanTransmit } from './devices/vxlan.ts';
import { icmpError, icmpReject } from './icmp.ts';
import { drop, type KernelOps } from './kernel.ts';
import { localOut } from './output.ts';
import { receive } from './receive.ts';
import { rejectWithReset } from './sockets/tcp.ts';
import { openTcp } from './sockets/tcp-client.ts';
import { openUdp } from './sockets/udp-client.ts';
import { sendVia, transmit } from './transmit.ts';

export const LINUX: KernelOps = {
  transmit: {
    loopback: loopbackTransmit,
    veth: vethTransmit,
    nic: vethTransmit,
    bridge: bridgeTransmit,
    fabric: bridgeTransmit,
    vxlan: vxlanTransmit,
    'vxlan-external': externalTransmit,
    geneve: externalTransmit,
    openvswitch: datapathTransmit,
    ipip: ipipTransmit,
    dummy: (k, ns, dev, skb) =>
      drop(k, ns, skb, 'BRIDGE_NO_EGRESS_PORT', `${dev.name} is a dummy device: it leads nowhere`),
  },
  receive,
  send: transmit,
  sendVia,
  localOut,
  openUdp,
  openTcp,
  reject: (k, ns, skb, how) => (how === 'tcp-reset' ? rejectWithReset(k, ns, skb) : icmpReject(k, ns, skb, how)),
  linkFailure: (k, ns, skb) => icmpError(k, ns, skb, 'neighbour-silent'),
};
