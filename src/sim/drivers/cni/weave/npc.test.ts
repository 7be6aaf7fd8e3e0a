/** The chains and sets of weave-npc. Names are vectors of its own tests (npc/controller_test.go). */
import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { ClusterPolicy, PolicyPeer } from '../../../kube/cluster-policy.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRule } from '../../../linux/netfilter/iptables/print.ts';
import { cidr } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { npcFragment } from './npc.ts';
import { npcSet, selectorKey } from './npc-names.ts';
import { NPC_ENFORCES } from './npc-policy.ts';

const policy = (more: Partial<ClusterPolicy>): ClusterPolicy => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name: 'p',
  subject: { pods: { matchLabels: { run: 'bar' } } },
  pods: ['default/web-1'],
  ...more,
});
const written = (...policies: readonly ClusterPolicy[]) => {
  const cluster: Cluster = { ...LAB, policies };
  const { iptables, ipsets } = npcFragment(cluster);
  const chains = must(applyRuleOps(iptables).get('filter'), 'a table').chains;
  const lines = (chain: string): string[] =>
    must(chains.get(chain), chain).rules.map((rule) => printRule(chain, rule).slice(`-A ${chain} `.length));
  return { lines, membersOf: (name: string) => ipsets.find((set) => set.name === name)?.members };
};
const pods = (selection: { readonly namespaces?: object; readonly pods?: object }): PolicyPeer => ({
  kind: 'pods',
  selector: 'some',
  selection,
  ips: [must(LAB.pods[1], 'tool-1').ip],
});

describe('names of sets', () => {
  it.each([
    ['ingress-default-allow:default', 'weave-;rGqyMIl1HN^cfDki~Z$3]6!N'],
    ['egress-default-allow:default', 'weave-s_+ChJId4Uy_$}G;WdH|~TK)I'],
    ['default:run=bar', 'weave-bZ~x=yBgzH)Ht()K*Uv3z{M]Y'],
  ])('%s is %s', (text, name) => {
    expect(npcSet(text)).toBe(name);
  });

  it('come from selectors as labels.Selector prints them', () => {
    const matchExpressions = [
      { key: 'b', operator: 'In', values: ['y', 'x'] },
      { key: 'a', operator: 'DoesNotExist' },
    ] as const;
    expect(selectorKey({ matchLabels: { c: '1' }, matchExpressions })).toBe('!a,b in (x,y),c=1');
  });
});

describe('chains', () => {
  const bar = 'weave-bZ~x=yBgzH)Ht()K*Uv3z{M]Y';

  it('take pods that a policy selects out of those that are open', () => {
    const { membersOf, lines } = written(policy({ ingress: [] }));
    expect(membersOf('weave-;rGqyMIl1HN^cfDki~Z$3]6!N')).not.toContain('10.244.1.2');
    expect(membersOf('weave-s_+ChJId4Uy_$}G;WdH|~TK)I')).toContain('10.244.1.2');
    expect(lines('WEAVE-NPC-DEFAULT')).toEqual([
      '-m set --match-set weave-;rGqyMIl1HN^cfDki~Z$3]6!N dst -m comment --comment "DefaultAllow ingress isolation for namespace: default" -j ACCEPT',
    ]);
  });

  it('accept what an ingress rule allows; of a range they know the first port', () => {
    const ports = [{ protocol: 'tcp', from: 80, to: 90 }] as const;
    const { lines } = written(
      policy({ ingress: [{ peers: [pods({ pods: { matchLabels: { app: 'tool' } } })], ports }] }),
    );
    expect(lines('WEAVE-NPC-INGRESS')).toEqual([
      `-p tcp -m set --match-set ${npcSet('default:app=tool')} src -m set --match-set ${bar} dst -m tcp --dport 80 -m comment --comment "pods: namespace: default, selector: app=tool -> pods: namespace: default, selector: run=bar (ingress)" -j ACCEPT`,
    ]);
  });

  it('mark what an egress rule allows, and drop the rest once there is such a policy', () => {
    const net: PolicyPeer = {
      kind: 'net',
      cidr: cidr('10.0.0.0/8'),
      except: [cidr('10.2.0.0/16'), cidr('10.1.0.0/16')],
    };
    const { lines, membersOf } = written(policy({ egress: [{ peers: [net] }] }));
    const except = npcSet('default:ipblock-except:10.1.0.0/16 10.2.0.0/16');
    expect(membersOf(except)).toEqual(['10.1.0.0/16', '10.2.0.0/16']);
    const asks = `-d 10.0.0.0/8 -m set --match-set ${bar} src -m set ! --match-set ${except} dst -m comment --comment "pods: namespace: default, selector: run=bar -> cidr: 10.0.0.0/8 except [10.1.0.0/16 10.2.0.0/16] (egress)"`;
    expect(lines('WEAVE-NPC-EGRESS-CUSTOM')).toEqual([`${asks} -j WEAVE-NPC-EGRESS-ACCEPT`, `${asks} -j RETURN`]);
    expect(lines('WEAVE-NPC-EGRESS').slice(-2)).toEqual([
      '-m state --state NEW -m mark ! --mark 0x40000/0x40000 -j NFLOG --nflog-group 86',
      '-m mark ! --mark 0x40000/0x40000 -j DROP',
    ]);
    expect(written(policy({ ingress: [] })).lines('WEAVE-NPC-EGRESS')).toHaveLength(6);
  });

  it('ask a list of sets for pods of namespaces', () => {
    const { membersOf } = written(
      policy({ ingress: [{ peers: [pods({ namespaces: { matchLabels: { team: 'a' } } })] }] }),
    );
    expect(membersOf(npcSet(':team=a'))).toEqual([npcSet('default:')]);
    expect(membersOf(npcSet('default:'))).toHaveLength(LAB.pods.length);
  });

  it('heed rules that policyTypes leaves out', () => {
    const { lines, membersOf } = written(policy({ egress: [], idle: { ingress: [{}] } }));
    expect(lines('WEAVE-NPC-INGRESS')).toHaveLength(1);
    expect(membersOf('weave-;rGqyMIl1HN^cfDki~Z$3]6!N')).toContain('10.244.1.2');
  });
});

it('a policy that names a port is left aside as a whole', () => {
  const named = policy({ ingress: [{ ports: [{ name: 'http', protocol: 'tcp', ports: [] }] }] });
  expect(NPC_ENFORCES.by !== null && NPC_ENFORCES.rejects?.(named)).toContain('named port http');
  expect(written(named).membersOf('weave-;rGqyMIl1HN^cfDki~Z$3]6!N')).toContain('10.244.1.2');
});
