/** Whom a program sees as its client, and why: which machine changed the source on the way and for what, or why nobody had to. */
import type { PacketId, Step } from '../../linux/step.ts';
import type { IpPacket } from '../../wire/frame.ts';
import { isFault, type Names, type ServiceDoor, writerOf } from './names.ts';
import type { StepOf } from './scene.ts';

type Rewriter = StepOf<'nat'> | StepOf<'bpf-nat'>;

export interface Sighting {
  readonly steps: readonly Step[];
  /** The packet as the program gets it, and when. */
  readonly packet: PacketId;
  readonly until: number;
  readonly seen: IpPacket;
  /** The client's own address. */
  readonly client: string | null;
  readonly door: ServiceDoor | null;
  readonly names: Names;
}

const isOuter = (door: ServiceDoor | null): door is ServiceDoor => door !== null && door.door !== 'clusterIP';

/** In one sentence, with a full stop; empty where there is nothing to say. */
export function whySource(s: Sighting): string {
  const rewriter = lastRewrite(s);
  return rewriter ? whyChanged(s, rewriter) : whyKept(s);
}

/** The same in a few words, only where a door of the Service to the outside was used; with a blank before it. */
export function sourceNote(s: Sighting): string {
  if (!isOuter(s.door)) return '';
  const rewriter = lastRewrite(s);
  const policy = `externalTrafficPolicy ${s.door.service.externalTrafficPolicy}`;
  if (!rewriter)
    return isLocal(s.door) && s.seen.src === s.client ? ` With ${policy} the source stays as it came.` : '';
  const where = s.names.ns(rewriter.ns);
  if (isBalancer(s, rewriter))
    return ` The connection to the node was ${where}'s own${isLocal(s.door) ? `, and ${policy} keeps that` : ''}.`;
  if (isLocal(s.door) || rewriter.before.src === rewriter.before.dst) return '';
  return ` Masqueraded by ${where} (${policy}), to get the answer back.`;
}

const isLocal = ({ service }: ServiceDoor): boolean => service.externalTrafficPolicy === 'Local';

const isBalancer = ({ names }: Sighting, { ns }: Rewriter): boolean => names.cluster.balancer?.machine?.name === ns;

/** The one whose address the program sees. */
function lastRewrite({ steps, packet, until }: Sighting): Rewriter | undefined {
  return steps
    .slice(0, until)
    .findLast(
      (s): s is Rewriter =>
        s.packet === packet &&
        ((s.kind === 'nat' && s.manip === 'src' && s.cause === 'rule') || s.kind === 'bpf-nat') &&
        s.before.src !== s.after.src,
    );
}

function whyKept({ seen, client, door }: Sighting): string {
  if (client === null || seen.src !== client) return '';
  if (!door) return 'No rule on the way changed the source.';
  if (!isOuter(door))
    return 'A clusterIP keeps the source: only clients outside the pod network, and pods that reach themselves, are masqueraded.';
  return isLocal(door)
    ? 'With externalTrafficPolicy Local the source stays as it came: the node used an endpoint of its own, so the answer passes it anyway.'
    : 'Nobody masqueraded it: the endpoint is on the node that took the packet.';
}

function whyChanged(s: Sighting, rewriter: Rewriter): string {
  const { names, door } = s;
  const where = names.ns(rewriter.ns);
  const by = ruleText(s, rewriter);
  if (isBalancer(s, rewriter)) {
    const kept = door && isLocal(door) ? ', and externalTrafficPolicy Local keeps what the node saw' : '';
    return `The connection to the node is ${where}'s own${by}${kept}.`;
  }
  if (rewriter.before.src === rewriter.before.dst)
    return `The Service led the client to itself, so ${where} had to give the packet another source${by}.`;
  if (!isOuter(door)) return `The source was changed on ${where}${by}.`;
  if (isLocal(door)) return `It was masqueraded on ${where}${by}.`;
  return `With externalTrafficPolicy Cluster any node may take the packet. On ${where} it was masqueraded${by}: the answer must come back by ${where}, which alone can translate it back.`;
}

/** ` (MASQUERADE in KUBE-POSTROUTING, written by kube-proxy)`. */
function ruleText({ steps }: Sighting, rewriter: Rewriter): string {
  if (rewriter.kind === 'bpf-nat') return ` (by the eBPF program ${rewriter.program})`;
  const rule = steps
    .slice(0, rewriter.i)
    .findLast(
      (s): s is StepOf<'rule'> | StepOf<'nft-rule'> =>
        s.packet === rewriter.packet && (s.kind === 'rule' || s.kind === 'nft-rule'),
    );
  if (!rule || rule.ns !== rewriter.ns) return '';
  const target = rule.kind === 'rule' ? (rule.rule.target?.kind ?? 'a rule') : 'masquerade';
  const { origin } = rule.rule;
  const writer = origin === undefined || isFault(origin) ? '' : `, written by ${writerOf(origin)}`;
  return ` (${target} in ${rule.chain}${writer})`;
}
