/** Replays recorded flows of a real kernel: same cluster, same probe, same random choices; the hop lists must be equal. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { endpointChain } from '../../sim/drivers/proxy/kube-proxy/chain-names.ts';
import { makeChoices } from '../../sim/engine/choices.ts';
import { type Program, runProgram } from '../../sim/engine/run-program.ts';
import type { World } from '../../sim/engine/world.ts';
import { podNs } from '../../sim/kube/cluster.ts';
import { ip } from '../../sim/wire/ip.ts';
import { type CanonHop, canonicalHops, knownPorts } from './canonical.ts';
import { firstDifference } from './compare.ts';
import { type LabInput, labWorld, notModelled } from './lab.ts';
import { isNetnsLab, type NetnsLab, netnsLabConfigs } from './netns-lab.ts';
import type { CaseResult } from './report.ts';

interface RecordedFlow {
  readonly flow: string;
  readonly probe: RecordedProbe;
  readonly result: { readonly result: string; readonly sendError?: string };
  readonly hops: readonly CanonHop[];
}

interface RecordedProbe {
  readonly frm: string;
  readonly dst: string;
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly dport?: number;
  readonly src?: string;
  readonly ttl?: number;
  readonly size?: number;
  readonly df?: 'do' | 'dont';
  /** Seconds. */
  readonly wait?: number;
}

const CLIENT_PORT = 40_001;
/** How long the lab's programs waited unless told otherwise. */
const LAB_WAIT_S = 0.25;

/** Folders of recorded flows (`observed/<lab>`) below `root`, or `root` when it is one itself, each with the lab's input; else none. */
export function findLabs(
  root: string,
): readonly { readonly lab: string; readonly flows: string; readonly input: string }[] {
  if (basename(dirname(root)) === 'observed') {
    const lab = basename(root);
    return existsSync(root) ? [{ lab, flows: root, input: join(root, '..', '..', 'inputs', `${lab}.json`) }] : [];
  }
  const observed = join(root, 'observed');
  if (!existsSync(observed)) return [];
  return readdirSync(observed)
    .sort()
    .map((lab) => ({ lab, flows: join(observed, lab), input: join(root, 'inputs', `${lab}.json`) }));
}

export function replayLab(found: {
  readonly lab: string;
  readonly flows: string;
  readonly input: string;
}): CaseResult[] {
  const files = readdirSync(found.flows)
    .filter((f) => f.endsWith('.json'))
    .sort();
  const named = (file: string): string => `${found.lab}/${file.replace(/\.json$/, '')}`;
  if (!existsSync(found.input))
    return files.map((file) => ({
      name: named(file),
      outcome: 'different',
      detail: `the lab's input ${found.lab}.json is missing`,
    }));
  const input = JSON.parse(readFileSync(found.input, 'utf8')) as LabInput | NetnsLab;
  const replay = (simulated: (flow: RecordedFlow) => CanonHop[]): CaseResult[] =>
    files.map((file) => {
      const flow = JSON.parse(readFileSync(join(found.flows, file), 'utf8')) as RecordedFlow;
      const difference = firstDifference(flow.hops, simulated(flow));
      return difference === null
        ? { name: named(file), outcome: 'equal' }
        : { name: named(file), outcome: 'different', detail: difference };
    });
  if (isNetnsLab(input)) return replay(netnsFlow(input));
  const lab = input;
  const reason = notModelled(lab);
  if (reason !== null) return files.map((file) => ({ name: named(file), outcome: 'not modelled', detail: reason }));
  const world = labWorld(lab, !lab.name.endsWith('-cold'));
  return replay((flow) => simulate(lab, world, flow));
}

/** How a lab that is written as Linux answers to a probe. Its recordings hold what crossed devices, and no rules. */
function netnsFlow(lab: NetnsLab): (flow: RecordedFlow) => CanonHop[] {
  const configs = netnsLabConfigs(lab);
  const ports = new Set(lab.ports);
  return ({ probe }) => {
    const choices = { ...makeChoices(1), ephemeralPort: () => CLIENT_PORT };
    const ran = runProgram(configs, lab.warm, choices, programOf(probe.frm, probe));
    return canonicalHops(ran.steps, {
      namespaces: configs.values(),
      isKnown: (_address, port) => ports.has(port),
      clientPort: CLIENT_PORT,
      dport: probe.dport,
    }).filter(({ hop }) => hop === 'dev');
  };
}

/** The canonical hops of the simulator for a recorded flow's probe. */
export function simulate(lab: LabInput, world: World, flow: RecordedFlow): CanonHop[] {
  const choices = makeChoices(world.seed, chosenEndpoint(lab, flow));
  const pod = lab.pods.find((p) => p.name === flow.probe.frm);
  const ns = pod ? podNs({ namespace: 'default', name: pod.name }) : flow.probe.frm;
  const ran = runProgram(
    world.namespaces,
    world.warm,
    { ...choices, ephemeralPort: () => CLIENT_PORT },
    programOf(ns, flow.probe),
  );
  return canonicalHops(ran.steps, {
    namespaces: world.namespaces.values(),
    isKnown: knownPorts(lab),
    clientPort: CLIENT_PORT,
    dport: flow.probe.dport,
  });
}

function programOf(ns: string, probe: RecordedProbe): Program {
  return {
    ns,
    dst: ip(probe.dst),
    proto: probe.proto,
    port: probe.dport ?? 0,
    waitMs: (probe.wait ?? LAB_WAIT_S) * 1000,
    ttl: probe.ttl,
    sizeBytes: probe.size ?? (probe.proto === 'icmp' ? 0 : undefined),
    df: probe.df,
    src: probe.src === undefined ? undefined : ip(probe.src),
    handshakeOnly: true,
  };
}

/** Which endpoint the kernel happened to choose: nftables says it in the rule, iptables in the chain's name. */
function chosenEndpoint(lab: LabInput, flow: RecordedFlow): string | undefined {
  const hits = flow.hops.filter((h) => h.hop === 'nf' && /^dnat/i.test(String(h.target ?? '')));
  const last = hits[hits.length - 1];
  const named = /^dnat to (.+)$/.exec(String(last?.target ?? ''))?.[1];
  if (named !== undefined) return named;
  const chain = last?.chain;
  if (chain === undefined) return undefined;
  for (const s of lab.services) {
    const name = `${s.namespace}/${s.name}${s.portName ? `:${s.portName}` : ''}`;
    for (const e of s.endpoints)
      if (endpointChain(name, s.proto, `${e.ip}:${e.port}`) === chain) return `${e.ip}:${e.port}`;
  }
  return undefined;
}
