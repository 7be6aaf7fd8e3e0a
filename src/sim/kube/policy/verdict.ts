/** What the specification says of one packet, and of everything that one end may send to another. */
import { familyOf } from '../../wire/ip.ts';
import { podRef } from './ends.ts';
import { type EndRef, type PolicyModel, programOf, type ResolvedEnd, resolveEnd } from './model.ts';
import { EMPTY, EVERYTHING, type PolicyProtocol, type PortSetId } from './port-sets.ts';
import { allowedBy } from './program.ts';
import type { Direction } from './uniform.ts';

export interface PolicyProbe {
  readonly from: EndRef;
  readonly to: EndRef;
  /** `OTHER`: ICMP, or whatever else has no ports. */
  readonly protocol: PolicyProtocol;
  /** Of the destination, after Services were translated. Of no meaning for `OTHER`. */
  readonly port: number;
}

/**
 * What a verdict rests on. `policy`: policies decide. `not-isolated`: none of them does, so everything may pass. The others are
 * exceptions of the specification: `outside` and `host-network` have no policies, a pod cannot be kept from itself (`self`) nor from
 * its node (`own-node`). `undefined`: the specification leaves open what happens to this protocol; the verdict is the common one.
 * `unknown-end`: there is no such pod or node.
 */
export type Basis =
  | 'policy'
  | 'not-isolated'
  | 'outside'
  | 'host-network'
  | 'self'
  | 'own-node'
  | 'undefined'
  | 'unknown-end';

export interface SideVerdict {
  readonly direction: Direction;
  readonly isAllowed: boolean;
  readonly basis: Basis;
}

export interface PolicyVerdict {
  /** Both ends allow it. */
  readonly isAllowed: boolean;
  readonly egress: SideVerdict;
  readonly ingress: SideVerdict;
}

export function verdictOf(model: PolicyModel, { from, to, protocol, port }: PolicyProbe): PolicyVerdict {
  const connections = connectionsOf(model, from, to);
  const side = (direction: Direction): SideVerdict => {
    const { ports, basis } = connections[direction];
    const isAllowed = model.states.ports.has(ports, protocol, port);
    return { direction, isAllowed, basis: protocol === 'OTHER' && basis === 'policy' ? 'undefined' : basis };
  };
  const [egress, ingress] = [side('egress'), side('ingress')];
  return { isAllowed: egress.isAllowed && ingress.isAllowed, egress, ingress };
}

export interface SideConnections {
  readonly ports: PortSetId;
  readonly basis: Basis;
}

export interface Connections {
  readonly egress: SideConnections;
  readonly ingress: SideConnections;
  /** What both allow. */
  readonly both: PortSetId;
}

/** Everything that may pass: the numbers are read with `model.states.ports`. */
export function connectionsOf(model: PolicyModel, from: EndRef, to: EndRef): Connections {
  const [source, destination] = resolvePair(model, from, to);
  const egress = sideConnections(model, source, destination, 'egress');
  const ingress = sideConnections(model, destination, source, 'ingress');
  return { egress, ingress, both: model.states.ports.both(egress.ports, ingress.ports) };
}

/** Both ends speak the same family: that of an address, else that of the primary addresses. */
export function resolvePair(
  model: PolicyModel,
  from: EndRef,
  to: EndRef,
): readonly [ResolvedEnd | null, ResolvedEnd | null] {
  const family = from.kind === 'ip' ? familyOf(from.ip) : to.kind === 'ip' ? familyOf(to.ip) : undefined;
  return [resolveEnd(model, from, family), resolveEnd(model, to, family)];
}

export function sideConnections(
  model: PolicyModel,
  subject: ResolvedEnd | null,
  other: ResolvedEnd | null,
  direction: Direction,
): SideConnections {
  if (subject === null || other === null) return { ports: EMPTY, basis: 'unknown-end' };
  const exception = exceptionOf(model, subject, other);
  if (exception) return { ports: EVERYTHING, basis: exception };
  const program = programOf(model, subject.end, direction);
  if (program === null || program.policies.length === 0) return { ports: EVERYTHING, basis: 'not-isolated' };
  return { ports: allowedBy(program, other.end, model.states), basis: 'policy' };
}

/** Why no policy is asked, if so. */
function exceptionOf(model: PolicyModel, subject: ResolvedEnd, other: ResolvedEnd): Basis | null {
  if (subject.pod === undefined) return subject.onNode === undefined ? 'outside' : 'host-network';
  const isSelf = other.pod !== undefined && podRef(other.pod) === podRef(subject.pod);
  if (isSelf && !model.profile.judgesSelf) return 'self';
  return other.onNode !== undefined && other.onNode === subject.pod.node ? 'own-node' : null;
}
