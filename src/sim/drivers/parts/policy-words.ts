/** A policy's rules as a person would say them: for the origins of what is written because of them. */
import {
  isNamedPort,
  type PolicyDirection,
  type PolicyPeer,
  type PolicyPort,
  type PolicyRule,
} from '../../kube/cluster-policy.ts';

/** `its ingress rule 2 allows TCP 80 from app=api`. */
export function ruleWords(rule: PolicyRule, index: number, direction: PolicyDirection): string {
  const name = rule.name === undefined ? `${index + 1}` : `${index + 1} "${rule.name}"`;
  const verb = rule.action === 'Deny' ? 'denies' : rule.action === 'Pass' ? 'leaves to the next tier' : 'allows';
  return `its ${direction} rule ${name} ${verb} ${portWords(rule.ports)} ${SIDE[direction]} ${peerWords(rule.peers)}`;
}

const SIDE = { ingress: 'from', egress: 'to' } as const;

function portWords(ports: readonly PolicyPort[] = []): string {
  return ports.length === 0 ? 'everything' : ports.map(onePort).join(', ');
}

function onePort(port: PolicyPort): string {
  if (isNamedPort(port)) return `${port.protocol === undefined ? '' : `${port.protocol.toUpperCase()} `}${port.name}`;
  const { protocol, from, to = from } = port;
  const range = from === undefined ? '' : from === to ? ` ${from}` : ` ${from}-${to}`;
  return `${protocol.toUpperCase()}${range}`;
}

function peerWords(peers: readonly PolicyPeer[] = []): string {
  return peers.length === 0 ? 'everybody' : peers.map(onePeer).join(' or ');
}

function onePeer(peer: PolicyPeer): string {
  switch (peer.kind) {
    case 'net':
      return `${peer.cidr.text}${peer.except.length > 0 ? ` without ${peer.except.map(({ text }) => text).join(', ')}` : ''}`;
    case 'nets':
      return peer.cidrs.map(({ text }) => text).join(', ');
    case 'pods':
      return peer.selector;
    case 'nodes':
      return `nodes ${peer.selector}`;
    case 'domains':
      return peer.names.join(', ');
    case 'entity':
      return peer.entity;
  }
}
