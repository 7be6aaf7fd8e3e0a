/** Names of what is drawn. They are stable: the same thing has the same id in every world, so selections and links survive. */
import type { NsId } from '../sim/linux/config.ts';
import type { HookName } from '../sim/linux/netfilter/iptables/rule.ts';

/** `ns:default/web-1`, `dev:node-1!cni0`, `hook:node-1!FORWARD`, `svc:default/web`, … */
export type PictureId = string;

export type PictureRef =
  /** A node, a pod or a machine outside: a network namespace. */
  | { readonly kind: 'ns'; readonly ns: NsId }
  | { readonly kind: 'dev'; readonly ns: NsId; readonly dev: string }
  | { readonly kind: 'hook'; readonly ns: NsId; readonly hook: HookName }
  /** The routing decision of a namespace. */
  | { readonly kind: 'route'; readonly ns: NsId }
  /** Programs that run in a node's own namespace. */
  | { readonly kind: 'sockets'; readonly ns: NsId }
  | { readonly kind: 'conntrack'; readonly ns: NsId }
  /** Pods that a crowded node shows as a count. */
  | { readonly kind: 'fold'; readonly ns: NsId }
  /** That a node tells the network of addresses which it does not have. */
  | { readonly kind: 'announcer'; readonly ns: NsId }
  /** `namespace/name` of a Service. */
  | { readonly kind: 'svc'; readonly ref: string }
  /** Services that do not fit on the shelf. */
  | { readonly kind: 'more-services' };

const MORE_SERVICES = 'more-services';

export function idOf(ref: PictureRef): PictureId {
  switch (ref.kind) {
    case 'dev':
      return `dev:${ref.ns}!${ref.dev}`;
    case 'hook':
      return `hook:${ref.ns}!${ref.hook}`;
    case 'svc':
      return `svc:${ref.ref}`;
    case 'more-services':
      return MORE_SERVICES;
    default:
      return `${ref.kind}:${ref.ns}`;
  }
}

/** The reverse of `idOf`; null for a text that is no id. */
export function refOf(id: PictureId): PictureRef | null {
  if (id === MORE_SERVICES) return { kind: MORE_SERVICES };
  const colon = id.indexOf(':');
  const [kind, rest] = [id.slice(0, colon), id.slice(colon + 1)];
  const [ns = '', name = ''] = rest.split('!');
  switch (kind) {
    case 'ns':
    case 'route':
    case 'sockets':
    case 'conntrack':
    case 'fold':
    case 'announcer':
      return { kind, ns: rest };
    case 'dev':
      return { kind, ns, dev: name };
    case 'hook':
      return { kind, ns, hook: name as HookName };
    case 'svc':
      return { kind, ref: rest };
    default:
      return null;
  }
}
