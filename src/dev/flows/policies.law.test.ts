/**
 * Datapath verdict = specification: over random clusters and policies, for every CNI that enforces. A packet that comes through the
 * kernel model is one that the oracle allows, apart from what `policy-readings` names.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { must } from '../../sim/base/assert.ts';
import { makeRng } from '../../sim/base/rng.ts';
import { CNIS, cniById, proxyById } from '../../sim/drivers/registry.ts';
import { assemble } from '../../sim/engine/assemble.ts';
import { makeChoices } from '../../sim/engine/choices.ts';
import { runProgram } from '../../sim/engine/run-program.ts';
import { buildCluster } from '../../sim/kube/build-cluster.ts';
import { ciliumRules } from '../../sim/kube/cilium-policy-objects.ts';
import type { Cluster, ClusterPod } from '../../sim/kube/cluster.ts';
import { podNs } from '../../sim/kube/cluster.ts';
import type { KubeObject } from '../../sim/kube/objects.ts';
import type { PolicyInput } from '../../sim/kube/policy/input.ts';
import { policyInputOf } from '../../sim/kube/policy/input-of.ts';
import { type EndRef, type PolicyModel, policyModel } from '../../sim/kube/policy/model.ts';
import { randomCiliumPolicies } from '../../sim/kube/policy/random-cilium.ts';
import { randomCluster } from '../../sim/kube/policy/random-cluster.ts';
import { verdictOf } from '../../sim/kube/policy/verdict.ts';
import { isCiliumPolicy, type PolicyObject } from '../../sim/kube/policy-objects.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { innermost } from '../../sim/wire/frame.ts';
import type { Ip } from '../../sim/wire/ip.ts';
import { READINGS, withoutIdleRules } from './policy-readings.ts';

const PORTS = [53, 80, 81, 8080];
const PROBES = 24;

interface Lab {
  readonly cluster: Cluster;
  readonly namespaces: ReadonlyMap<string, NetnsConfig>;
  readonly input: PolicyInput;
}

/** The random cluster as a person would apply it: pods, a Service of its own for each, and the policies. */
function objectsOf(input: PolicyInput): readonly KubeObject[] {
  return [
    ...input.namespaces.map(({ name, labels }) => ({ kind: 'Namespace', name, labels }) as const),
    ...input.pods.map(
      ({ namespace, name, labels, node, hostNetwork, ports }): KubeObject => ({
        kind: 'Pod',
        namespace,
        name,
        labels: { ...labels, pod: name },
        ...(node === undefined ? {} : { nodeName: node }),
        ...(hostNetwork ? { hostNetwork } : {}),
        containers: [
          {
            name: 'main',
            ports: hostNetwork
              ? []
              : ports.map(({ name: port = '', port: containerPort, protocol }) => ({
                  name: port,
                  containerPort,
                  protocol,
                })),
          },
        ],
      }),
    ),
    ...input.pods
      .filter(({ hostNetwork }) => !hostNetwork)
      .map(
        ({ namespace, name }): KubeObject => ({
          kind: 'Service',
          namespace,
          name,
          type: 'NodePort',
          externalTrafficPolicy: 'Local',
          selector: { pod: name },
          ports: [{ name: 'p', port: 80 }],
        }),
      ),
    ...input.policies,
  ];
}

function labOf(seed: number, cni: string, mode: string, proxyMode: string): Lab {
  const plain = randomCluster(seed);
  const own = cni === 'cilium' ? randomCiliumPolicies(seed) : [];
  const random = { ...plain, policies: [...plain.policies, ...own] };
  const objects = objectsOf(cni === 'weave' ? withoutIdleRules(random) : random);
  const driver = cniById(cni);
  const built = buildCluster(
    {
      nodes: 2,
      podCIDR: '10.244.0.0/16',
      nodeMask: 24,
      serviceCIDR: '10.96.0.0/12',
      nodeNetwork: '192.168.56.0/24',
      mtuBytes: 1500,
      objects,
      deletedPods: [],
      stoppedListeners: [],
    },
    driver.ipam?.(mode),
  );
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const { cluster } = built.value;
  const isReplaced = driver.replacesProxy?.(mode) === true;
  const proxy = proxyById(isReplaced ? 'none' : 'kube-proxy');
  const drivers = { cni: driver, cniMode: mode, cniOptions: {}, proxy, proxyMode: isReplaced ? 'none' : proxyMode };
  return { cluster, namespaces: assemble(cluster, drivers), input: policyInputOf(cluster, objects) };
}

type Way = 'direct' | 'service' | 'node port';
interface Probe {
  readonly from: EndRef & { readonly ns: string };
  readonly to: ClusterPod;
  readonly way: Way;
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly port: number;
}

function probesOf({ cluster }: Lab, seed: number): readonly Probe[] {
  const rng = makeRng(seed);
  const one = <T>(of: readonly T[]): T => must(of[rng.int(0, of.length - 1)], 'one of them');
  const pods = cluster.pods.filter(({ hostNetwork }) => !hostNetwork);
  const senders = [
    ...pods.map((pod) => ({ kind: 'pod', ref: podNs(pod), ns: podNs(pod) }) as const),
    ...cluster.nodes.map(({ name }) => ({ kind: 'node', name, ns: name }) as const),
    {
      kind: 'ip',
      ip: must(
        cluster.externals.find(({ name }) => name === 'client'),
        'a client',
      ).ip,
      ns: 'client',
    } as const,
  ];
  return Array.from({ length: PROBES }, (): Probe => {
    const from = one(senders);
    const to = one(pods);
    // Machines outside know no way to pods: they come by a node port.
    const way =
      from.kind === 'ip' ? 'node port' : from.kind === 'pod' ? one(['direct', 'direct', 'service'] as const) : 'direct';
    const proto = way === 'direct' ? one(['tcp', 'udp', 'icmp'] as const) : 'tcp';
    return { from, to, way, proto, port: way === 'direct' ? one(PORTS) : 80 };
  }).filter(({ from, to }) => from.kind !== 'pod' || from.ref !== podNs(to));
}

function targetOf({ cluster }: Lab, { to, way, port }: Probe): { readonly dst: Ip; readonly port: number } {
  const service = must(
    cluster.services.find(({ namespace, name }) => namespace === to.namespace && name === to.name),
    `the Service of ${podNs(to)}`,
  );
  if (way === 'service') return { dst: service.clusterIP as Ip, port: 80 };
  if (way === 'direct') return { dst: to.ip, port };
  const node = must(
    cluster.nodes.find(({ name }) => name === to.node),
    'a node',
  );
  return { dst: node.ip, port: must(service.ports[0]?.nodePort, 'a node port') };
}

/** Somebody answered, if only that nobody listens; and the address that the packet left with. */
function send(lab: Lab, probe: Probe): { readonly passed: boolean; readonly src: Ip | undefined } {
  const { result, steps } = runProgram(lab.namespaces, true, makeChoices(1), {
    ns: probe.from.ns,
    ...targetOf(lab, probe),
    proto: probe.proto,
    waitMs: 250,
    handshakeOnly: true,
  });
  const sent = steps.find(
    ({ kind, frame }) => kind === 'send' && (!('payload' in frame) || frame.payload.kind === 'ip'),
  );
  const frame = sent?.frame;
  const packet = frame && ('ttl' in frame ? frame : innermost(frame));
  return { passed: result.outcome !== 'timeout', src: packet?.src };
}

function allowed(models: Models, { from, to, proto, port }: Probe, src: Ip | undefined): boolean {
  const isOther = from.kind === 'node' && from.name !== to.node;
  const model = isOther ? models.forNodes : models.read;
  // What another node sends has the address of the device that it left by.
  // Cilium knows nodes by their identity, whatever the address.
  const isAddress = isOther && src !== undefined && !models.knowsNodes;
  const end: EndRef = isAddress ? { kind: 'ip', ip: src } : from;
  const protocol = ({ tcp: 'TCP', udp: 'UDP', icmp: 'OTHER' } as const)[proto];
  return verdictOf(model, { from: end, to: { kind: 'pod', ref: podNs(to) }, protocol, port }).isAllowed;
}

interface Models {
  readonly read: PolicyModel;
  readonly forNodes: PolicyModel;
  readonly knowsNodes: boolean;
}

function modelsOf(cni: string, input: PolicyInput): Models {
  const { read, forNodes = read } = must(READINGS[cni], `how ${cni} reads policies`);
  return { read: policyModel(read(input)), forNodes: policyModel(forNodes(input)), knowsNodes: cni === 'cilium' };
}

const deniesIngress = (policy: PolicyObject): boolean =>
  isCiliumPolicy(policy) && ciliumRules(policy).some(({ rule }) => (rule.ingressDeny ?? []).length > 0);

function disagreements(seed: number, cni: string, mode: string, proxyMode: string): readonly string[] {
  const lab = labOf(seed, cni, mode, proxyMode);
  const models = modelsOf(cni, lab.input);
  // A denial that finds the pod's own node keeps it out, against the specification of Kubernetes.
  const denies = lab.input.policies.some(deniesIngress);
  const probes = probesOf(lab, seed).filter(
    ({ from, to }) => !(denies && from.kind === 'node' && from.name === to.node),
  );
  return probes.flatMap((probe) => {
    const { passed, src } = send(lab, probe);
    if (passed === allowed(models, probe, src)) return [];
    const { from, to, way, proto, port } = probe;
    return [`${from.ns} ${proto} ${podNs(to)}:${port} (${way}): ${passed ? 'passed' : 'dropped'}`];
  });
}

/** What IPVS passes on does not pass FORWARD; only Felix sees to that. */
const BESIDE_IPVS: ReadonlySet<string> = new Set(['calico', 'canal']);

/** Each enforcing CNI, in modes whose packets go different ways. */
const modes = CNIS.flatMap((cni) =>
  cni.modes
    .filter(
      ({ id, variantOf }) => cni.enforcesPolicies(id).by !== null && (variantOf === undefined || id === 'vxlan-ebpf'),
    )
    .flatMap(({ id }) =>
      (BESIDE_IPVS.has(cni.id) ? ['iptables', 'ipvs'] : ['iptables']).map((proxy) => [cni.id, id, proxy] as const),
    ),
);
const RUNS = 25;

describe.each(modes)('%s %s beside %s', (cni, mode, proxy) => {
  it('lets pass what the specification allows, and nothing else', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        expect(disagreements(seed, cni, mode, proxy)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
