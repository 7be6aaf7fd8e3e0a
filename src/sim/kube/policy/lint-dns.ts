/** Pods that a policy keeps from asking for names. */
import type { Protocol } from '../policy-objects.ts';
import { bitsOf } from './bitset.ts';
import { podRef } from './ends.ts';
import type { PolicyPod } from './input.ts';
import type { LintFinding } from './lint-finding.ts';
import { type PolicyModel, programOf } from './model.ts';
import { allowedBy, type LookedUp } from './program.ts';

const DNS_PORT = 53;
const isDns = ({ namespace, labels }: PolicyPod): boolean =>
  namespace === 'kube-system' && labels['k8s-app'] === 'kube-dns';

/** An isolated pod that cannot ask kube-dns knows no names. Silent where there is none. */
export function lintDns(model: PolicyModel, one: LookedUp): readonly LintFinding[] {
  if (one.policy.egress === undefined || one.policy.tier === 'Baseline') return [];
  const servers = model.input.pods.filter(isDns).flatMap((pod) => model.ends.ofPod(podRef(pod)) ?? []);
  if (servers.length === 0) return [];
  const lacking = (protocol: Protocol): readonly number[] =>
    bitsOf(one.subjects).filter((end) => {
      const program = programOf(model, end, 'egress');
      return (
        program?.policies.includes(one) === true &&
        !servers.includes(end) &&
        !servers.some((server) => model.states.ports.has(allowedBy(program, server, model.states), protocol, DNS_PORT))
      );
    });
  const named = (ends: readonly number[]): string => {
    const refs = ends.flatMap((end) => {
      const of = model.ends.all[end];
      return of?.kind === 'pods' ? [podRef(of.pod)] : [];
    });
    return refs.length > 3 ? `${refs.slice(0, 3).join(', ')} and ${refs.length - 3} more` : refs.join(', ');
  };
  const withoutUdp = lacking('UDP');
  if (withoutUdp.length > 0)
    return [
      finding(
        one,
        `${named(withoutUdp)} cannot resolve names any more: nothing lets them reach kube-dns on UDP port 53`,
      ),
    ];
  const withoutTcp = lacking('TCP');
  if (withoutTcp.length === 0) return [];
  return [finding(one, `${named(withoutTcp)} can ask kube-dns over UDP, but not over TCP, which long answers need`)];
}

const finding = ({ policy }: LookedUp, text: string): LintFinding => ({
  kind: 'no-dns',
  ref: policy.ref,
  path: ['spec', 'egress'],
  text,
});
