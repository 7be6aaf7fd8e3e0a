/** Socket load balancing (bpf_sock.c): a Service is translated when a program asks for it, so that no packet ever carries its address. */
import type { SockContext, SockProgram, SockVerdict } from '../../../../linux/bpf/program.ts';
import { cidrHas, type Ip, LOOPBACK_NET } from '../../../../wire/ip.ts';
import { HOST, KUBE_APISERVER, NODE_PORT_MAX, NODE_PORT_MIN, REMOTE_NODE } from '../facts.ts';
import { IPCACHE, type Proto, REVERSE_SK } from '../maps.ts';
import { chooseBackend, type Found, findService } from './balance.ts';
import { nodeConf } from './conf.ts';

const ANY = '0.0.0.0' as Ip;

function translate(ctx: SockContext): SockVerdict {
  const { address, cookie, netns } = ctx;
  const found = serviceOf(ctx);
  if (!found) return { kind: 'proceed', address };
  // Whoever may write Services must not be able to take over foreign addresses (sock4_skip_xlate).
  if (found.value.external && identityOf(ctx) !== HOST) return { kind: 'proceed', address };
  const backend = chooseBackend(ctx, found, `netns ${netns}`);
  if (!backend) return { kind: 'reject', errno: 'EHOSTUNREACH' };
  const to = { ip: backend.address, port: backend.port };
  const { revNat } = found.value;
  ctx.update(
    REVERSE_SK,
    { cookie, address: to.ip, port: to.port },
    { address: address.ip, port: address.port, revNat },
  );
  return { kind: 'proceed', address: to };
}

function serviceOf(ctx: SockContext): Found | null {
  const { ip, port } = ctx.address;
  const proto: Proto = ctx.proto === 'tcp' ? 'TCP' : 'UDP';
  const found = findService(ctx, ip, port, proto, true);
  if (found) return found;
  const isHere = ctx.netns === nodeConf(ctx.conf).node && cidrHas(LOOPBACK_NET, ip);
  if (port < NODE_PORT_MIN || port > NODE_PORT_MAX) {
    // A host port at 127.0.0.1, for programs on the node itself (sock4_wildcard_lookup_full).
    const wildcard = isHere ? findService(ctx, ANY, port, proto, true) : null;
    return wildcard?.value.isHostPort ? wildcard : null;
  }
  // A node port of any node, or of 127.0.0.1 for programs on the node itself: the wildcard entry (sock4_wildcard_lookup).
  const identity = isHere ? HOST : identityOf(ctx);
  const isNode = identity === HOST || identity === REMOTE_NODE || identity === KUBE_APISERVER;
  return isNode ? findService(ctx, ANY, port, proto, true) : null;
}

const identityOf = (ctx: SockContext): number | undefined => ctx.longest(IPCACHE, ctx.address.ip)?.identity;

/** The program believes that it talks to the Service: an answer's sender is translated back for it. */
function translateBack(ctx: SockContext): SockVerdict {
  const { ip, port } = ctx.address;
  const asked = ctx.lookup(REVERSE_SK, { cookie: ctx.cookie, address: ip, port });
  return { kind: 'proceed', address: asked ? { ip: asked.address, port: asked.port } : ctx.address };
}

export const CONNECT4: SockProgram = {
  id: 'cil_sock4_connect',
  hook: 'connect4',
  about: 'translates a Service when a program connects to it',
  run: translate,
};

export const SENDMSG4: SockProgram = {
  id: 'cil_sock4_sendmsg',
  hook: 'sendmsg4',
  about: 'translates a Service when a program sends it a datagram',
  run: translate,
};

export const RECVMSG4: SockProgram = {
  id: 'cil_sock4_recvmsg',
  hook: 'recvmsg4',
  about: "puts the Service's address back as the sender of an answer",
  run: translateBack,
};
