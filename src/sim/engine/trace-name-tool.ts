/** `nslookup` and `dig` as a conversation: its packets are the questions and answers themselves. */

import type { NsId } from '../linux/config.ts';
import { type NameTool, type Probe, serviceHost } from '../scenario/probe.ts';
import { DNS_PORT } from '../wire/dns.ts';
import { innermostOf } from '../wire/frame.ts';
import type { Ip } from '../wire/ip.ts';
import { makeChoices } from './choices.ts';
import { beatsOf } from './explain/beats.ts';
import { namesOf } from './explain/names.ts';
import { ipOfEnd } from './explain/verdict-case.ts';
import { nameToolVerdict } from './explain/verdict-name-tool.ts';
import { type NameToolRun, runNameTool } from './names/name-tool.ts';
import { resolvConfAt } from './names/resolv-conf-at.ts';
import { hopsOf, packetsOf } from './packets.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

type ToolProbe = Probe & { readonly proto: NameTool };

export function traceNameTool(world: World, probe: ToolProbe, ns: NsId): Trace {
  const { namespaces, warm, seed } = world;
  const name = nameOf(world, probe);
  const conf = resolvConfAt(world.cluster, probe.from, ns);
  const choices = makeChoices(seed, probe.options?.endpoint);
  const run = runNameTool(namespaces, warm, choices, ns, probe, conf, name);
  const { steps } = run.kernel;
  const packets = packetsOf(steps, ns);
  return {
    probe,
    from: { ns, ip: sourceOf(run) },
    to: { ip: run.server, port: DNS_PORT, label: name },
    packets,
    hops: hopsOf(steps),
    steps,
    beats: beatsOf(steps, packets),
    verdict: nameToolVerdict(world, probe, run, steps),
    lookup: null,
    simplified: [],
  };
}

/** What is asked for: the name itself, a Service's, or what is at an address. */
function nameOf(world: World, { to }: ToolProbe): string {
  if (to.kind === 'name') return to.name;
  if (to.kind === 'ip') return to.ip;
  if (to.kind === 'service' && to.via === 'name') return serviceHost(to.ref);
  return ipOfEnd(to, namesOf(world)) ?? to.ref;
}

function sourceOf({ kernel }: NameToolRun): Ip | null {
  const sent = kernel.steps.find(({ kind }) => kind === 'send');
  return sent && 'ttl' in sent.frame ? (innermostOf(sent.frame)?.src ?? null) : null;
}
