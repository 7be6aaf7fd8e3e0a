/** A probe becomes a conversation, and the conversation a trace. */
import { hash32 } from '../base/rng.ts';
import type { NsId } from '../linux/config.ts';
import type { Step } from '../linux/step.ts';
import { isNameTool, type Probe } from '../scenario/probe.ts';
import { parseIp } from '../wire/ip.ts';
import { makeChoices } from './choices.ts';
import { beatsOf } from './explain/beats.ts';
import { verdictOf } from './explain/verdict.ts';
import { unresolvedVerdict } from './explain/verdict-name.ts';
import { hopsOf, packetsOf } from './packets.ts';
import { type Destination, destinationOf, startOf } from './probe-ends.ts';
import { PROBE_WAIT_MS } from './program-result.ts';
import { type RanNamed, runNamed } from './run-named.ts';
import { NS_PER_MS, type Program, type Ran, runProgram } from './run-program.ts';
import type { Trace, TraceLookup, Verdict } from './trace.ts';
import { traceNameTool } from './trace-name-tool.ts';
import type { World } from './world.ts';

/** Sends the probe. Never throws for what a person can choose: a missing end gives a trace without steps that says so. */
export function traceProbe(world: World, probe: Probe): Trace {
  const start = startOf(world, probe.from);
  if (!start.ok) return unsent(probe, start.error);
  const { proto } = probe;
  if (isNameTool(proto)) return traceNameTool(world, { ...probe, proto }, start.value);
  const destination = destinationOf(world, probe);
  if (!destination.ok) return unsent(probe, destination.error, start.value);
  const program = programOf(probe, start.value);
  const { namespaces, warm, seed } = world;
  const choices = makeChoices(seed, probe.options?.endpoint);
  const to = destination.value;
  if ('ip' in to) {
    const ran = runProgram(namespaces, warm, choices, { ...program, dst: to.ip });
    return traceOf(probe, program.ns, to, ran, verdictOf(ran.result, ran.steps, world, probe), null);
  }
  const named = probe.options?.dns?.race ? { ...to.named, race: true as const } : to.named;
  const forLookup = makeChoices(hash32(`lookup ${seed}`));
  const ran = runNamed(namespaces, warm, { forLookup, forProgram: choices }, program, named);
  return traceOf(probe, program.ns, to, ran, namedVerdict(world, probe, ran), lookupOf(ran));
}

/** What such a probe sends, wherever to. */
export function programOf(probe: Probe, ns: NsId): Omit<Program, 'dst'> {
  const { options } = probe;
  const src = options?.src === undefined ? undefined : parseIp(options.src);
  return {
    ns,
    proto: programProto(probe.proto),
    port: probe.port ?? 0,
    waitMs: options?.waitMs ?? PROBE_WAIT_MS,
    ttl: options?.ttl,
    sizeBytes: options?.sizeBytes,
    df: options?.df,
    src: src?.ok ? src.value : undefined,
    handshakeOnly: options?.handshakeOnly,
    request: `GET ${options?.path ?? '/'} HTTP/1.1`,
  };
}

/** Programs that only ask for names are run elsewhere (`trace-name-tool.ts`). */
function programProto(proto: Probe['proto']): Program['proto'] {
  if (proto === 'ping') return 'icmp';
  return isNameTool(proto) ? 'udp' : proto;
}

function traceOf(
  probe: Probe,
  ns: NsId,
  to: Destination,
  { steps, result }: Ran,
  verdict: Verdict,
  lookup: TraceLookup | null,
): Trace {
  const packets = packetsOf(steps, ns);
  const ip = 'ip' in to ? to.ip : (lookup?.addresses[0] ?? null);
  return {
    probe,
    from: { ns, ip: result.clientIp },
    to: { ip, port: probe.port ?? null, label: to.label },
    packets,
    hops: hopsOf(steps),
    steps,
    beats: beatsOf(steps, packets, lookup),
    verdict,
    lookup,
    simplified: [],
  };
}

function lookupOf({ steps, lookedUp, lookupSteps }: RanNamed): TraceLookup {
  const own = steps.slice(0, lookupSteps);
  const queries = own.reduce((sum, step) => sum + (step.kind === 'name-query' ? step.types.length : 0), 0);
  const { name, found, addresses } = lookedUp;
  const tookMs = Math.round((own.at(-1)?.atNs ?? 0) / NS_PER_MS);
  return { name, steps: lookupSteps, queries, found, addresses, tookMs };
}

/** What became of the program itself is told from its own steps; those of the lookup concern it only where it has failed. */
function namedVerdict(world: World, probe: Probe, ran: RanNamed): Verdict {
  const { steps, result, lookupSteps, lookedUp } = ran;
  if (lookedUp.error !== null) return unresolvedVerdict(world, probe, lookedUp, steps);
  const own = steps.slice(lookupSteps).map((step): Step => ({ ...step, i: step.i - lookupSteps }));
  const atStep = result.atStep === null ? null : result.atStep - lookupSteps;
  const verdict = verdictOf({ ...result, atStep }, own, world, probe);
  const waitedMs = lookupOf(ran).tookMs;
  const waited =
    waitedMs > 0 ? ` Before that it waited ${waitedMs / 1000} seconds for the address of ${lookedUp.name}.` : '';
  const sentence = `${verdict.sentence}${waited}`;
  return { ...verdict, sentence, step: verdict.step === null ? null : verdict.step + lookupSteps };
}

/** Nothing could be sent: an end of the probe does not exist (any more). */
function unsent(probe: Probe, why: string, ns = ''): Trace {
  const verdict: Verdict = {
    outcome: 'unresolved',
    good: false,
    printed: 'Nothing sent',
    sentence: `${why}.`,
    remedy: null,
    step: null,
  };
  return {
    probe,
    from: { ns, ip: null },
    to: { ip: null, port: probe.port ?? null, label: labelOf(probe) },
    packets: [],
    hops: [],
    steps: [],
    beats: [],
    verdict,
    lookup: null,
    simplified: [],
  };
}

function labelOf({ to }: Probe): string {
  if (to.kind === 'ip') return to.ip;
  return to.kind === 'name' ? to.name : to.ref;
}
