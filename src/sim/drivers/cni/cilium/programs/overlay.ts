/** `cil_from_overlay` and `cil_to_overlay` (bpf_overlay.c): the two ends of the tunnel device. */
import { PASS, type TcContext, type TcProgram, type TcVerdict } from '../../../../linux/bpf/program.ts';
import { HOST, HOST_DEVICE, MARK_OVERLAY, REMOTE_NODE, WORLD } from '../facts.ts';
import { ENDPOINTS } from '../maps.ts';
import { dropFor, type NodeConf, nodeConf } from './conf.ts';
import { deliverHere, hop, whoIs } from './forward.ts';
import { nodePort } from './node-port.ts';

/** The number in the tunnel's header is the identity of the sender: nobody has to look up its address. */
function fromOverlay(ctx: TcContext): TcVerdict {
  const conf = nodeConf(ctx.conf);
  const claimed = ctx.tunnel?.id ?? WORLD;
  if (claimed === HOST) return dropFor('INVALID_IDENTITY');
  const source = claimed === REMOTE_NODE ? whoIs(ctx, ctx.packet.src).identity : claimed;
  ctx.notify({ point: 'from-overlay', src: source, dst: 0, ct: 'unknown' });
  if (conf.kubeProxyReplacement) {
    const verdict = nodePort(ctx, conf);
    if (verdict) return verdict;
  }
  const endpoint = ctx.lookup(ENDPOINTS, { ip: ctx.packet.dst });
  if (!endpoint || endpoint.host) return toHost(ctx, conf);
  return deliverHere(ctx, conf, endpoint, { source, fromHost: false, fromTunnel: true });
}

/** Nothing but the node itself can be meant: as if it came in by cilium_host (ipv4_host_delivery). */
function toHost(ctx: TcContext, conf: NodeConf): TcVerdict {
  const stopped = hop(ctx, ctx.frame.dmac, conf.hostMac);
  return stopped ?? { kind: 'redirect', dev: HOST_DEVICE, ingress: true };
}

export const FROM_OVERLAY: TcProgram = {
  id: 'cil_from_overlay',
  hook: 'tc',
  about: 'takes what came out of the tunnel',
  run: fromOverlay,
};

export const TO_OVERLAY: TcProgram = {
  id: 'cil_to_overlay',
  hook: 'tc',
  about: 'marks what goes into the tunnel',
  run(ctx) {
    // The outer packet carries the mark on: it is not to be taken for the node's own traffic.
    ctx.setMark(MARK_OVERLAY);
    return PASS;
  },
};
