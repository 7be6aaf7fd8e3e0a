/** Many connections of one probe, one after another in one kernel: where they end, and what theory expects. */
import { err, ok, type Result } from '../base/result.ts';
import type { Choices } from '../linux/kernel.ts';
import type { Step } from '../linux/step.ts';
import type { Probe } from '../scenario/probe.ts';
import { type BalanceLaw, balanceLaw } from './balance-law.ts';
import { lawSentence, type Verdict, verdictOn } from './balance-words.ts';
import { makeChoices } from './choices.ts';
import { chosenEndpoint } from './chosen-endpoint.ts';
import { programOf } from './converse.ts';
import { addressFor, destinationOf, startOf } from './probe-ends.ts';
import type { ProgramResult } from './program-result.ts';
import { runPrograms } from './run-programs.ts';
import type { Outcome } from './trace.ts';
import type { World } from './world.ts';

export const CONNECTIONS = [1, 10, 100, 1000] as const;
export type Connections = (typeof CONNECTIONS)[number];

export interface Distribution {
  readonly connections: number;
  /** Every endpoint that is offered or was chosen, and every other ready one of the Service with nothing. */
  readonly endpoints: readonly EndpointShare[];
  readonly failures: readonly { readonly outcome: Outcome; readonly count: number }[];
  readonly theory: Theory;
}

export interface EndpointShare {
  /** `10.244.1.2:8080`. */
  readonly endpoint: string;
  /** `namespace/name` of the pod behind it. */
  readonly pod: string | null;
  readonly node: string | null;
  /** Connections that were sent there, also those that then failed. */
  readonly count: number;
  readonly failed: number;
  /** The steps that say where the first packet of the first of them came by; empty where nothing was sent. */
  readonly way: readonly Step[];
  /** What theory gives it of all connections, from 0 to 1. */
  readonly share: number;
}

export interface Theory {
  readonly law: BalanceLaw | null;
  /** What is expected and why. */
  readonly sentence: string;
  readonly verdict: Verdict;
}

export function distribute(
  world: World,
  probe: Probe,
  connections: Connections,
  seed: number,
): Result<Distribution, string> {
  const run = distributing(world, probe, connections, seed);
  let next = run.next();
  while (!next.done) next = run.next();
  return next.value;
}

const SLICE = 20;

/** The same in slices: gives how many connections are made, so that a page can draw in between or stop. */
export function* distributing(
  world: World,
  probe: Probe,
  connections: Connections,
  seed: number,
): Generator<number, Result<Distribution, string>> {
  if (probe.proto !== 'tcp' && probe.proto !== 'udp') return err('Only TCP and UDP make connections to balance.');
  const start = startOf(world, probe.from);
  if (!start.ok) return err(`${start.error}.`);
  const destination = destinationOf(world, probe);
  if (!destination.ok) return err(`${destination.error}.`);
  const address = addressFor(world, start.value, destination.value);
  if (!address.ok) return err(`${address.error}.`);
  const program = { ...programOf(probe, start.value), dst: address.value, handshakeOnly: true };
  const attempts: Tried[] = [];
  const ways = new Map<string, readonly Step[]>();
  let law: BalanceLaw | null = null;
  const choices = freshPorts(makeChoices(seed));
  for (const { steps, result } of runPrograms(world.namespaces, world.warm, choices, program, connections)) {
    law ??= balanceLaw(steps, world);
    const endpoint = chosenEndpoint(steps);
    attempts.push({ endpoint, result });
    if (endpoint !== null && ways.size < WAYS_MAX && !ways.has(endpoint)) ways.set(endpoint, wayOf(steps));
    if (attempts.length % SLICE === 0) yield attempts.length;
  }
  return ok(summary(world, probe, law, attempts, ways));
}

/** More different ways are not told: a picture of them would be all lines. */
const WAYS_MAX = 60;
/** A packet stays where it is while these are told. */
const STANDING: ReadonlySet<Step['kind']> = new Set<Step['kind']>([
  'rule',
  'chain-end',
  'nft-rule',
  'nft-chain-end',
  'nft-lookup',
  'conntrack',
]);

const wayOf = (steps: readonly Step[]): readonly Step[] =>
  steps.filter(({ packet, kind }) => packet === steps[0]?.packet && !STANDING.has(kind));

/** No two connections may have the same port. */
function freshPorts(choices: Choices): Choices {
  const used = new Set<number>();
  const ephemeralPort = (): number => {
    let port = choices.ephemeralPort();
    while (used.has(port)) port = choices.ephemeralPort();
    used.add(port);
    return port;
  };
  return { ...choices, ephemeralPort };
}

type Tried = { readonly endpoint: string | null; readonly result: () => ProgramResult };

const GOOD: ReadonlySet<Outcome> = new Set(['connected', 'reply']);

function summary(
  world: World,
  probe: Probe,
  law: BalanceLaw | null,
  attempts: readonly Tried[],
  ways: ReadonlyMap<string, readonly Step[]>,
): Distribution {
  const counts = new Map<string, { count: number; failed: number }>();
  const failures = new Map<Outcome, number>();
  for (const endpoint of [...(law?.shares.keys() ?? []), ...readyEndpoints(world, probe)])
    counts.set(endpoint, { count: 0, failed: 0 });
  for (const { endpoint, result } of attempts) {
    const { outcome } = result();
    const isGood = GOOD.has(outcome);
    if (!isGood) failures.set(outcome, (failures.get(outcome) ?? 0) + 1);
    if (endpoint === null) continue;
    const at = counts.get(endpoint) ?? { count: 0, failed: 0 };
    counts.set(endpoint, { count: at.count + 1, failed: at.failed + (isGood ? 0 : 1) });
  }
  const endpoints = Array.from(counts, ([endpoint, at]): EndpointShare => {
    const way = ways.get(endpoint) ?? [];
    return { endpoint, ...ownerOf(world, endpoint), ...at, way, share: law?.shares.get(endpoint) ?? 0 };
  });
  const connections = attempts.length;
  return {
    connections,
    endpoints,
    failures: Array.from(failures, ([outcome, count]) => ({ outcome, count })),
    theory: {
      law,
      sentence: lawSentence(law, connections),
      verdict: verdictOn(law, endpoints, connections),
    },
  };
}

/** Of the Service and port that the probe names, if it names one. */
function readyEndpoints(world: World, { to, port, proto }: Probe): readonly string[] {
  if (to.kind !== 'service') return [];
  const service = world.cluster.services.find(({ namespace, name }) => `${namespace}/${name}` === to.ref);
  return (service?.ports ?? [])
    .filter((own) => own.port === port && own.protocol.toLowerCase() === proto)
    .flatMap((own) => own.endpoints.filter(({ ready }) => ready))
    .map((endpoint) => `${endpoint.ip.includes(':') ? `[${endpoint.ip}]` : endpoint.ip}:${endpoint.port}`);
}

function ownerOf(world: World, endpoint: string): { readonly pod: string | null; readonly node: string | null } {
  const address = endpoint.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '');
  const pod = world.cluster.pods.find(({ ip }) => ip === address);
  if (pod) return { pod: `${pod.namespace}/${pod.name}`, node: pod.node };
  return { pod: null, node: world.cluster.nodes.find(({ ip }) => ip === address)?.name ?? null };
}
