/** bpf_host.c: the node's network card (`cil_from_netdev`, `cil_to_netdev`) and its own door to the pods (`cil_from_host`, `cil_to_host`). */
import { PASS, type TcContext, type TcProgram, type TcVerdict } from '../../../../linux/bpf/program.ts';
import { HOST, MARK_HOST, MARK_IDENTITY, MARK_MASK, MARK_OVERLAY, MARK_SNAT_DONE, UNKNOWN, WORLD } from '../facts.ts';
import { ENDPOINTS, NO_TUNNEL } from '../maps.ts';
import { reverseService } from './balance.ts';
import { dropFor, type NodeConf, nodeConf } from './conf.ts';
import { nodePortEntry } from './conntrack.ts';
import { flowOf } from './flow.ts';
import { deliverHere, encapsulate, identityOfMark, whoIs } from './forward.ts';
import { nodePort } from './node-port.ts';
import { needsMasquerade, translateSource } from './snat.ts';

/** Only the mark can say that it is the node itself: an address may have been put on by a masquerade (resolve_srcid_ipv4). */
function sourceOf(ctx: TcContext, marked: number): number {
  if (marked > WORLD) return marked;
  const { identity } = whoIs(ctx, ctx.packet.src);
  return identity === HOST ? marked : identity;
}

function fromNetdev(ctx: TcContext): TcVerdict {
  const conf = nodeConf(ctx.conf);
  const source = sourceOf(ctx, UNKNOWN);
  ctx.notify({ point: 'from-network', src: source, dst: 0, ct: 'unknown' });
  const verdict = nodePort(ctx, conf);
  if (verdict) return verdict;
  // Without BPF host routing the node's IP stack shall see every packet, so that its conntrack does not lose track.
  if (!conf.bpfHostRouting) return PASS;
  const endpoint = ctx.lookup(ENDPOINTS, { ip: ctx.packet.dst });
  if (!endpoint || endpoint.host) return PASS;
  return deliverHere(ctx, conf, endpoint, { source: source || WORLD, fromHost: false, fromTunnel: false });
}

function toNetdev(ctx: TcContext): TcVerdict {
  const conf = nodeConf(ctx.conf);
  const magic = ctx.mark & MARK_MASK;
  const isDone = magic === MARK_OVERLAY || magic === MARK_SNAT_DONE;
  if (!isDone && !answerOfLocalBackend(ctx) && conf.bpfMasquerade && needsMasquerade(ctx, conf))
    translateSource(ctx, conf.nodeIp);
  const source =
    magic === MARK_HOST || magic === MARK_OVERLAY ? HOST : magic === MARK_IDENTITY ? identityOfMark(ctx.mark) : 0;
  ctx.notify({ point: 'to-network', src: source, dst: 0, ct: 'unknown' });
  return PASS;
}

/** A backend of this node answers somebody who asked for the Service (nodeport_rev_dnat_fwd_ipv4). */
function answerOfLocalBackend(ctx: TcContext): boolean {
  const entry = nodePortEntry(ctx, flowOf(ctx));
  if (!entry || entry.revNat === 0) return false;
  reverseService(ctx, entry.revNat);
  ctx.setMark(MARK_SNAT_DONE);
  return true;
}

/** What the node's IP stack sends to pods. */
function fromHost(ctx: TcContext): TcVerdict {
  const conf = nodeConf(ctx.conf);
  const magic = ctx.mark & MARK_MASK;
  const marked = magic === MARK_HOST ? HOST : magic === MARK_IDENTITY ? identityOfMark(ctx.mark) : WORLD;
  const source = sourceOf(ctx, marked);
  ctx.notify({ point: 'from-host', src: source, dst: 0, ct: 'unknown' });
  const endpoint = ctx.lookup(ENDPOINTS, { ip: ctx.packet.dst });
  if (endpoint && !endpoint.host)
    return deliverHere(ctx, conf, endpoint, { source, fromHost: true, fromTunnel: false });
  if (!endpoint) return toOtherNode(ctx, conf, source);
  ctx.setMacs(null, conf.netMac);
  return PASS;
}

function toOtherNode(ctx: TcContext, conf: NodeConf, source: number): TcVerdict {
  const to = whoIs(ctx, ctx.packet.dst);
  if (conf.tunnel !== '' && to.tunnel !== NO_TUNNEL) return encapsulate(ctx, conf, to, source, 'unknown');
  // A packet to nobody would go round for ever.
  if (to.identity === WORLD) return dropFor('UNROUTABLE');
  ctx.setMacs(null, conf.netMac);
  return PASS;
}

export const FROM_NETDEV: TcProgram = {
  id: 'cil_from_netdev',
  hook: 'tc',
  about: 'takes what comes in by the network card: Services for outside, answers, pods',
  run: fromNetdev,
};

export const TO_NETDEV: TcProgram = {
  id: 'cil_to_netdev',
  hook: 'tc',
  about: 'has the last word on what leaves the node: masquerading, answers of Services',
  run: toNetdev,
};

export const FROM_HOST: TcProgram = {
  id: 'cil_from_host',
  hook: 'tc',
  about: "leads what the node's IP stack sends to pods",
  run: fromHost,
};

export const TO_HOST: TcProgram = {
  id: 'cil_to_host',
  hook: 'tc',
  about: 'lets in what is for the node itself',
  run(ctx) {
    ctx.notify({ point: 'to-stack', src: 0, dst: HOST, ct: 'unknown' });
    return PASS;
  },
};
