/** Policies of every kind and shape for the reference cluster. */
import type { ClusterPolicy, PolicyPeer } from '../../kube/cluster-policy.ts';
import { cidr } from '../../wire/ip.ts';
import { LAB } from './lab-cluster.ts';

const tools: PolicyPeer = {
  kind: 'pods',
  selector: 'app=tool',
  selection: { pods: { matchLabels: { app: 'tool' } } },
  ips: LAB.pods.filter(({ labels }) => labels.app === 'tool').map(({ ip }) => ip),
};
const anywhere: PolicyPeer = { ...tools, selector: 'every pod of every namespace', selection: { namespaces: {} } };
const block: PolicyPeer = { kind: 'net', cidr: cidr('10.0.0.0/8'), except: [cidr('10.1.0.0/16'), cidr('10.2.0.0/16')] };

const policy = (name: string, app: string, more: Partial<ClusterPolicy>): ClusterPolicy => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name,
  subject: { pods: { matchLabels: { app } } },
  pods: LAB.pods.filter(({ labels }) => labels.app === app).map(({ name: pod }) => `default/${pod}`),
  ...more,
});

export const POLICIES: readonly ClusterPolicy[] = [
  policy('closed', 'web', { ingress: [], egress: [] }),
  policy('tools', 'web', {
    ingress: [
      { peers: [tools, block, anywhere], ports: [{ protocol: 'tcp', from: 8080, to: 8090 }, { protocol: 'udp' }] },
      {
        ports: [
          { name: 'http', protocol: 'tcp', ports: LAB.pods.map(({ ip }) => ({ ip, port: 80, protocol: 'tcp' })) },
        ],
      },
    ],
  }),
  policy('out', 'api', { egress: [{ peers: [block], ports: [{ protocol: 'sctp', from: 3868 }] }, {}] }),
  policy('guard', 'web', {
    kind: 'AdminNetworkPolicy',
    namespace: '',
    tier: 'Admin',
    priority: 5,
    ingress: [
      { name: 'first', action: 'Pass', peers: [tools] },
      { action: 'Deny', peers: [anywhere] },
    ],
    egress: [{ peers: [{ kind: 'nets', cidrs: [cidr('10.0.0.0/8'), cidr('192.0.2.0/24')] }] }],
  }),
];
