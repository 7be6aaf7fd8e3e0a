/** A probe becomes a conversation, and the conversation a trace. */
import type { Step } from '../linux/step.ts';
import type { Probe } from '../scenario/probe.ts';
import { type Ip, parseIp } from '../wire/ip.ts';
import { makeChoices } from './choices.ts';
import { beatsOf } from './explain/beats.ts';
import { verdictOf } from './explain/verdict.ts';
import { hopsOf, packetsOf } from './packets.ts';
import { type Destination, destinationOf, startOf } from './probe-ends.ts';
import { PROBE_WAIT_MS, type ProgramResult } from './program-result.ts';
import { type Program, type Ran, runProgram } from './run-program.ts';
import type { Trace, Verdict } from './trace.ts';
import type { World } from './world.ts';

const LOOKUP_SIMPLIFIED = 'The name was looked up without packets: DNS is not yet part of the conversation.';

/** Sends the probe. Never throws for what a person can choose: a missing end gives a trace without steps that says so. */
export function traceProbe(world: World, probe: Probe): Trace {
  const start = startOf(world, probe.from);
  if (!start.ok) return unsent(probe, start.error);
  const destination = destinationOf(world, probe);
  if (!destination.ok) return unsent(probe, destination.error, start.value);
  const program = programOf(probe, start.value, destination.value);
  const ran = runProgram(world.namespaces, world.warm, makeChoices(world.seed, probe.options?.endpoint), program);
  return traceOf(world, probe, program, destination.value, ran);
}

export function programOf(probe: Probe, ns: string, destination: Destination): Program {
  const { options } = probe;
  const src = options?.src === undefined ? undefined : parseIp(options.src);
  return {
    ns,
    dst: destination.ip,
    proto: probe.proto === 'ping' ? 'icmp' : probe.proto,
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

function traceOf(world: World, probe: Probe, program: Program, destination: Destination, ran: Ran): Trace {
  const steps =
    destination.lookup === undefined ? ran.steps : withLookup(ran.steps, destination.lookup, destination.ip);
  const shift = steps.length - ran.steps.length;
  const { result } = ran;
  const moved: ProgramResult = { ...result, atStep: result.atStep === null ? null : result.atStep + shift };
  const packets = packetsOf(steps, program.ns);
  return {
    probe,
    from: { ns: program.ns, ip: result.clientIp },
    to: { ip: destination.ip, port: probe.port ?? null, label: destination.label },
    packets,
    hops: hopsOf(steps),
    steps,
    beats: beatsOf(steps, packets),
    verdict: verdictOf(moved, steps, world, probe),
    simplified: destination.lookup === undefined ? [] : [LOOKUP_SIMPLIFIED],
  };
}

/** Puts the lookup before the first packet, as the program's first act. */
function withLookup(steps: readonly Step[], name: string, answer: Ip): readonly Step[] {
  const first = steps[0];
  if (!first) return steps;
  const { ns, packet, frame } = first;
  const lookup: Step = { i: 0, ns, packet, atNs: 0, frame, kind: 'lookup', name, answer };
  return [lookup, ...steps.map((step) => ({ ...step, i: step.i + 1 }))];
}

/** Nothing could be sent: an end of the probe does not exist (any more), or its name has no address. */
function unsent(probe: Probe, why: string, ns = ''): Trace {
  const verdict: Verdict = {
    outcome: 'unresolved',
    good: false,
    printed: why.startsWith('Could not resolve') ? 'Could not resolve host' : 'Nothing sent',
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
    simplified: [],
  };
}

const labelOf = (probe: Probe): string => (probe.to.kind === 'ip' ? probe.to.ip : probe.to.ref);
