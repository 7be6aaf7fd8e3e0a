import type { Step } from '../../linux/step.ts';
import { writerOf } from './names.ts';
import type { StepOf } from './scene.ts';
import type { Case } from './verdict-case.ts';

/**
 * Kubernetes' network model has pods talk to each other without address translation (kubernetes.io, Services, Load Balancing, and
 * Networking): whose rule broke that for this conversation. Empty where no pod's address was hidden from another, or a node was asked.
 */
export function natBetweenPods(c: Case, served: StepOf<'deliver'>): string {
  const { names, from, asked, door } = c;
  const asksPod = asked !== null && (names.podAt(asked.ip) !== undefined || door?.door === 'clusterIP');
  if (!asksPod || !names.pod(from) || !names.pod(served.ns) || from === served.ns) return '';
  const before = c.steps.slice(0, served.i).filter(({ packet }) => packet === served.packet);
  const hidden = before.findLast((s) => s.kind === 'nat' && s.manip === 'src' && s.cause === 'rule');
  const rule = before.findLast((s): s is NatRule => isRule(s) && s.i < (hidden?.i ?? 0));
  if (!rule) return '';
  const origin = rule.rule.origin;
  const whose = origin ? `a rule of ${writerOf(origin)}` : 'a rule';
  return `. Kubernetes wants pods to reach each other without NAT, and ${whose} in ${rule.chain} on ${names.ns(rule.ns)} breaks that`;
}

type NatRule = StepOf<'rule'> | StepOf<'nft-rule'>;

const isRule = (step: Step): step is NatRule => step.kind === 'rule' || step.kind === 'nft-rule';
