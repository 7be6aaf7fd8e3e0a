/** What Felix makes of policies, row by row: chains, blocks of rules, sets, tiers and groups. */
import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { ClusterPolicy, NamedPolicyPort, PolicyPort, PolicyRule } from '../../../kube/cluster-policy.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRule } from '../../../linux/netfilter/iptables/print.ts';
import { cidr, ip } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { felixRules } from './felix.ts';
import { policyOps } from './policy.ts';
import { policySets, selectorId } from './policy-sets.ts';
import { peerSelector, subjectSelector } from './selector.ts';
import { policyChain } from './tiers.ts';

const policy = (more: Partial<ClusterPolicy>): ClusterPolicy => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name: 'allow-web',
  pods: ['default/web-0'],
  ...more,
});
const guard = (more: Partial<ClusterPolicy>): ClusterPolicy =>
  policy({ kind: 'AdminNetworkPolicy', tier: 'Admin', priority: 10, namespace: '', name: 'guard', ...more });

const api = { matchLabels: { app: 'api' } };
const fromApi = {
  kind: 'pods',
  selector: 'app=api',
  selection: { pods: api },
  ips: [ip('10.244.1.9'), ip('10.244.2.9')],
} as const;
const http: NamedPolicyPort = {
  name: 'http',
  protocol: 'tcp',
  ports: [
    { ip: ip('10.244.1.9'), port: 8080, protocol: 'tcp' },
    { ip: ip('10.244.1.1'), port: 80, protocol: 'tcp' },
    { ip: ip('10.244.1.1'), port: 53, protocol: 'udp' },
  ],
};
const tcp = (from: number, to = from): PolicyPort => ({ protocol: 'tcp', from, to });

/** The rules of `chain`, without their hashes. */
function linesOf(ops: Parameters<typeof applyRuleOps>[0], chain: string): string[] {
  const rules = applyRuleOps(ops).get('filter')?.chains.get(chain)?.rules ?? [];
  return rules.map((rule) =>
    printRule(chain, rule)
      .replace(/ -m comment --comment "cali:[\w-]{16}"/, '')
      .slice(`-A ${chain} `.length),
  );
}

function compile(direction: 'ingress' | 'egress', of: ClusterPolicy): string[] {
  return linesOf(policyOps(of, 4), policyChain(direction, of)).map((line) =>
    line.replace(/ ?-m comment --comment "Policy [^"]*" ?/, ' ').trim(),
  );
}
const ingress = (...rules: PolicyRule[]): string[] => compile('ingress', policy({ ingress: rules }));
const egress = (...rules: PolicyRule[]): string[] => compile('egress', policy({ egress: rules }));
const setsOf = (more: Partial<ClusterPolicy>) => policySets([policy(more)], 4);
const setOf = (more: Partial<ClusterPolicy>) => must(setsOf(more)[0], 'a set');

const ACCEPT = '-j MARK --set-xmark 0x10000/0x10000';
const RETURN = '-m mark --mark 0x10000/0x10000 -j RETURN';

describe('a rule that allows', () => {
  it('marks, and returns unless the chain ends there', () => {
    expect(ingress({ ports: [tcp(80)] }, {})).toEqual([`-p tcp -m multiport --dports 80 ${ACCEPT}`, RETURN, ACCEPT]);
  });

  it('a policy without rules says its name and allows nothing', () => {
    expect(linesOf(policyOps(policy({ ingress: [] }), 4), policyChain('ingress', policy({})))).toEqual([
      '-m comment --comment "Policy default/knp.default.allow-web ingress"',
    ]);
  });

  it('asks a set for the pods of a selector', () => {
    const set = setOf({ ingress: [{ peers: [fromApi] }] });
    expect(set).toMatchObject({ type: 'hash:net', members: ['10.244.1.9', '10.244.2.9'] });
    expect(ingress({ peers: [fromApi] })).toEqual([`-m set --match-set ${set.name} src ${ACCEPT}`]);
    expect(egress({ peers: [fromApi] })).toEqual([`-m set --match-set ${set.name} dst ${ACCEPT}`]);
  });

  it('takes exceptions from an address block with a scratch mark', () => {
    const net = { kind: 'net', cidr: cidr('10.0.0.0/8'), except: [cidr('10.1.0.0/16'), cidr('10.2.0.0/16')] } as const;
    expect(ingress({ peers: [net] })).toEqual([
      '-j MARK --set-xmark 0x80000/0x180000',
      '-s 10.1.0.0/16 -j MARK --set-xmark 0x0/0x80000',
      '-s 10.2.0.0/16 -j MARK --set-xmark 0x0/0x80000',
      `-s 10.0.0.0/8 -m mark --mark 0x80000/0x80000 ${ACCEPT}`,
    ]);
  });

  it('spreads more ports than one match takes over several rules', () => {
    const lines = ingress({ ports: Array.from({ length: 16 }, (_, i) => tcp(8000 + 2 * i)) });
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^-p tcp -m multiport --dports 8000,.*,8028 -j MARK --set-xmark 0x80000\/0x80000$/);
    expect(lines[2]).toBe('-p tcp -m multiport --dports 8030 -j MARK --set-xmark 0x80000/0x80000');
    expect(lines[3]).toBe(`-p tcp -m mark --mark 0x80000/0x80000 ${ACCEPT}`);
  });

  it('puts ports that touch together, and in order', () => {
    expect(ingress({ ports: [tcp(8081, 8090), tcp(80), tcp(8080)] })).toEqual([
      `-p tcp -m multiport --dports 80,8080:8090 ${ACCEPT}`,
    ]);
  });

  it('becomes a rule for each protocol, by name', () => {
    const ports: PolicyPort[] = [tcp(53), { protocol: 'udp', from: 53 }, { protocol: 'sctp' }];
    expect(ingress({ ports }).filter((line) => line.includes('MARK --set'))).toEqual([
      `-p sctp ${ACCEPT}`,
      `-p tcp -m multiport --dports 53 ${ACCEPT}`,
      `-p udp -m multiport --dports 53 ${ACCEPT}`,
    ]);
  });

  it('of networks of the other family only is no rule of these tables', () => {
    expect(ingress({ peers: [{ kind: 'net', cidr: cidr('2001:db8::/32'), except: [] }] })).toEqual(['']);
  });
});

describe('a port by name', () => {
  it('is a set of addresses with ports, of its protocol only', () => {
    const set = setOf({ ingress: [{ ports: [http] }] });
    expect(set).toMatchObject({ type: 'hash:ip,port', members: ['10.244.1.1,tcp:80', '10.244.1.9,tcp:8080'] });
    expect(set.name).toMatch(/^cali40n:[\w-]{23}$/);
    expect(ingress({ ports: [http] })).toEqual([`-p tcp -m set --match-set ${set.name} dst,dst ${ACCEPT}`]);
  });

  it('does not take the place of the selector of the sender', () => {
    const [peers, ports] = setsOf({ ingress: [{ peers: [fromApi], ports: [http] }] });
    expect(ingress({ peers: [fromApi], ports: [http] })).toEqual([
      `-p tcp -m set --match-set ${peers?.name} src -m set --match-set ${ports?.name} dst,dst ${ACCEPT}`,
    ]);
  });

  it('takes the place of the selector of the receiver', () => {
    const [set, ...others] = setsOf({ egress: [{ peers: [fromApi], ports: [http] }] });
    expect(others).toEqual([]);
    expect(set?.members).toEqual(['10.244.1.9,tcp:8080']);
  });

  it('beside numbers is a block, and the selector is asked too', () => {
    const rule = { peers: [fromApi], ports: [tcp(443), http] };
    const [peers, ports] = setsOf({ egress: [rule] });
    expect(egress(rule)).toEqual([
      '-j MARK --set-xmark 0x0/0x180000',
      '-p tcp -m multiport --dports 443 -j MARK --set-xmark 0x80000/0x80000',
      `-m set --match-set ${ports?.name} dst,dst -j MARK --set-xmark 0x80000/0x80000`,
      `-p tcp -m set --match-set ${peers?.name} dst -m mark --mark 0x80000/0x80000 ${ACCEPT}`,
    ]);
  });
});

describe('a rule of an admin policy', () => {
  const nets = { kind: 'nets', cidrs: [cidr('10.0.0.0/8'), cidr('192.0.2.0/24')] } as const;

  it('denies by a mark of its own, and says its name', () => {
    const rule = { name: 'no api', action: 'Deny', peers: [fromApi] } as const;
    const lines = compile('ingress', guard({ ingress: [rule] }));
    expect(lines[0]).toMatch(/^-m comment --comment "name=no api" .* -j MARK --set-xmark 0x40000\/0x40000$/);
    expect(lines[1]).toBe('-m comment --comment "name=no api" -m mark --mark 0x40000/0x40000 -j DROP');
  });

  it('passes by another', () => {
    expect(compile('ingress', guard({ ingress: [{ action: 'Pass', peers: [fromApi] }, {}] }))[1]).toBe(
      '-m mark --mark 0x20000/0x20000 -j RETURN',
    );
  });

  it('with several networks and many ports needs two scratch marks', () => {
    const ports = Array.from({ length: 16 }, (_, i) => tcp(8000 + 2 * i));
    expect(compile('egress', guard({ egress: [{ peers: [nets], ports }] })).slice(3)).toEqual([
      '-d 10.0.0.0/8 -j MARK --set-xmark 0x100000/0x100000',
      '-d 192.0.2.0/24 -j MARK --set-xmark 0x100000/0x100000',
      '-m mark --mark 0x0/0x100000 -j MARK --set-xmark 0x0/0x80000',
      `-p tcp -m mark --mark 0x80000/0x80000 ${ACCEPT}`,
    ]);
  });

  it('that names a port speaks of all ports, as upstream left it', () => {
    expect(compile('ingress', guard({ ingress: [{ ports: [http] }] }))).toEqual([ACCEPT]);
  });

  it('with a peer that Calico cannot read allows nothing, or denies all', () => {
    const peers = [{ kind: 'nodes', selector: 'zone=a', ips: [] } as const];
    expect(compile('egress', guard({ egress: [{ peers }] }))).toEqual([]);
    expect(compile('egress', guard({ egress: [{ action: 'Pass', peers }] }))).toEqual([
      '-j MARK --set-xmark 0x40000/0x40000',
      '-m mark --mark 0x40000/0x40000 -j DROP',
    ]);
  });
});

describe('selectors in their normal form', () => {
  const inTeams = { matchExpressions: [{ key: 'team', operator: 'In', values: ['b', 'a'] }] } as const;
  it.each([
    [
      { pods: api },
      '(projectcalico.org/namespace == "shop" && (projectcalico.org/orchestrator == "k8s" && app == "api"))',
    ],
    [{ pods: {} }, '(projectcalico.org/namespace == "shop" && projectcalico.org/orchestrator == "k8s")'],
    [{ namespaces: {} }, '(has(projectcalico.org/namespace) && projectcalico.org/orchestrator == "k8s")'],
    [{ namespaces: inTeams }, '(pcns.team in {"a", "b"} && projectcalico.org/orchestrator == "k8s")'],
  ])('of a peer: %j', (selection, text) => {
    expect(peerSelector(selection, 'shop')).toBe(text);
  });

  it('have the names that Calico itself gives them (vectors of lib/selector/parser)', () => {
    expect(selectorId('all()')).toBe('s:5y5I3VdRZfDU01O--xXAPx2yxCQQqMf0M6IWug');
    expect(selectorId('!(has(b) || !has(a))')).toBe('s:Iss0uCleLYv1GSv_pNm7hAO58kE9jAx1NKyG3Q');
  });

  it('of a peer of an admin policy that names namespaces alone', () => {
    expect(peerSelector({ namespaces: inTeams }, '')).toBe('pcns.team in {"a", "b"}');
  });

  it('of the pods that a policy is for', () => {
    expect(subjectSelector(policy({ subject: { pods: api } }))).toBe(
      '((projectcalico.org/orchestrator == "k8s" && app == "api") && projectcalico.org/namespace == "default")',
    );
  });
});

describe('the chains of a pod', () => {
  const pods = [{ ...must(LAB.pods[0], 'a pod'), namespace: 'default', name: 'web-0' }];
  const config = {
    pools: [LAB.podCIDR],
    masqPools: [],
    hostIp: ip('192.168.56.11'),
    peers: [],
    ipip: { on: false },
    vxlan: { on: false },
    besideIpvs: false,
  };
  const chainsOf = (policies: readonly ClusterPolicy[], chain: string): string[] => {
    const cluster: Cluster = { ...LAB, pods, policies };
    return linesOf(
      felixRules(cluster, pods, () => 'cali1', config),
      chain,
    );
  };
  const marksAndJumps = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => /-j (cali-\S+|DROP|RETURN)|"(Start|End) of tier (\w+)/.exec(line)?.[0] ?? []);

  const deny = policy({ name: 'deny', subject: { pods: api }, ingress: [] });
  const allow = policy({ name: 'allow', subject: { pods: api }, ingress: [{}] });
  const other = policy({ name: 'zz', subject: {}, ingress: [{}] });

  it('ask the tiers in order; only the one between drops at its end', () => {
    const baseline = guard({ kind: 'BaselineAdminNetworkPolicy', tier: 'Baseline', name: 'default', ingress: [{}] });
    const lines = marksAndJumps(chainsOf([baseline, other, guard({ ingress: [{}] })], 'cali-tw-cali1')).slice(1, -5);
    expect(lines).toEqual([
      '"Start of tier adminnetworkpolicy',
      `-j ${policyChain('ingress', guard({}))}`,
      '-j RETURN',
      '"Start of tier default',
      `-j ${policyChain('ingress', other)}`,
      '-j RETURN',
      '"End of tier default',
      '"Start of tier baselineadminnetworkpolicy',
      `-j ${policyChain('ingress', baseline)}`,
      '-j RETURN',
    ]);
  });

  it('jump to a group where neighbours have one selector', () => {
    const lines = chainsOf([other, deny, allow], 'cali-tw-cali1').join('\n');
    const group = must(/-j (cali-gi-[\w-]{20})\n/.exec(lines)?.[1], 'a chain of a group');
    expect(chainsOf([other, deny, allow], group)).toEqual([
      `-j ${policyChain('ingress', allow)}`,
      `-m mark --mark 0x0/0x30000 -j ${policyChain('ingress', deny)}`,
    ]);
    expect(lines).toContain(`-j ${policyChain('ingress', other)}`);
  });

  it('of a group of more than five ask in between whether one has decided', () => {
    const six = Array.from({ length: 6 }, (_, i) => policy({ name: `p${i}`, subject: {}, ingress: [] }));
    const group = must(/-j (cali-gi-[\w-]{20})/.exec(chainsOf(six, 'cali-tw-cali1').join('\n'))?.[1], 'a group');
    expect(chainsOf(six, group)[5]).toBe(
      '-m comment --comment "Return on verdict" -m mark ! --mark 0x0/0x30000 -j RETURN',
    );
  });

  it('know nothing of ClusterNetworkPolicy, which this version does not read', () => {
    const unknown = guard({ kind: 'ClusterNetworkPolicy', ingress: [{ action: 'Deny' }] });
    expect(chainsOf([unknown], 'cali-tw-cali1')).toEqual(chainsOf([], 'cali-tw-cali1'));
  });
});
