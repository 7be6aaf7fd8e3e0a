import type { Rule } from '../../../linux/netfilter/iptables/rule.ts';
import { comment, jump, srcType } from '../../parts/rules.ts';
import { type Decided, origin } from './decide.ts';
import { MARK_MASQ } from './facts.ts';
import type { LocalDetector } from './options.ts';

/** KUBE-EXT: what came to an external address, by who sent it (proxier.go, v1.33). */
export function externalRules(decided: Decided): Rule[] {
  const { port, hasExternal, externalChain } = decided;
  const first = port.externalPolicyLocal ? localPolicy(decided) : [masqueradeAlways(decided)];
  if (!hasExternal) return first;
  const last: Rule = {
    matches: [],
    target: jump(externalChain),
    origin: origin(port, 'one of its endpoints gets the connection'),
  };
  return [...first, last];
}

function masqueradeAlways({ port }: Decided): Rule {
  return {
    matches: [comment(`masquerade traffic for ${port.name} external destinations`)],
    target: jump(MARK_MASQ),
    origin: origin(port, 'the endpoint may be on another node, and the answer must come back through this one'),
  };
}

/** Policy Local is for the outside: pods and the node itself still reach every endpoint. */
function localPolicy({ port, chains, context }: Decided): Rule[] {
  const rules: Rule[] = [];
  if (context.detector) {
    rules.push({
      ...fromPod(context.detector),
      matches: [comment(`pod traffic for ${port.name} external destinations`)],
      target: jump(chains.svc),
      origin: origin(port, 'a pod may use every endpoint, as through the clusterIP'),
    });
  }
  const fromNode = (what: string, chain: string, why: string): Rule => ({
    matches: [comment(`${what} LOCAL traffic for ${port.name} external destinations`), srcType('LOCAL')],
    target: jump(chain),
    origin: origin(port, why),
  });
  rules.push(
    fromNode('masquerade', MARK_MASQ, 'the answer to the node must come back the same way'),
    fromNode('route', chains.svc, 'the node may use every endpoint, as through the clusterIP'),
  );
  return rules;
}

const fromPod = (detector: LocalDetector): Pick<Rule, 'src' | 'iif'> =>
  detector.kind === 'cidr' ? { src: { value: detector.cidr } } : { iif: { value: detector.device } };
