/** IPVS, the kernel's own load balancer. Facts: net/netfilter/ipvs/ip_vs_core.c, ip_vs_xmit.c, Linux 6.18. */

import { printIpvsadmList } from '../../linux/ipvs/print.ts';
import { endpointText, type SchedulerName, type VirtualServer } from '../../linux/ipvs/table.ts';
import { isIcmp } from '../../wire/frame.ts';
import { linesEvidence } from './evidence.ts';
import { writerSentence } from './explain-rule.ts';
import type { Evidence } from './explanation.ts';
import { count } from './names.ts';
import { endsOf } from './packet-words.ts';
import type { Scene, StepOf, Told } from './scene.ts';

type IpvsScene = Scene<StepOf<'ipvs'>>;

export function explainIpvs(scene: IpvsScene): Told {
  const { step, here } = scene;
  const { virtual } = step;
  const at = endpointText(virtual);
  const told = step.role === 'request' ? explainRequest(scene) : explainReply(scene);
  return {
    ...told,
    counts: `1 lookup, ${count(virtual.realServers.length, 'real server')}`,
    evidence: [virtualEvidence(scene)],
    checks: [
      `ipvsadm -Ln ${OPTIONS[virtual.proto]} ${at}   # on ${here}`,
      `ipvsadm -Lnc | grep ${at}   # on ${here}: IPVS keeps its own table of connections`,
    ],
  };
}

const OPTIONS: Readonly<Record<VirtualServer['proto'], string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' };

/** How each scheduler chooses (ipvsadm(8)). */
const SCHEDULERS: Readonly<Record<SchedulerName, string>> = {
  rr: 'round robin takes them in turn',
  wrr: 'weighted round robin takes them in turn, the heavier ones more often',
  lc: 'it has the fewest connections',
  wlc: 'it has the fewest connections for its weight',
  sh: "a hash of the client's address chose it",
  mh: 'a Maglev hash of where it comes from chose it',
  dh: 'a hash of the destination chose it',
  sed: 'it is expected to answer soonest',
  nq: 'it has nothing to do, or is expected to answer soonest',
};

function explainRequest(scene: IpvsScene): Pick<Told, 'title' | 'sentence'> {
  const { step, here, names } = scene;
  const { virtual, server, before } = step;
  const to = endpointText(server);
  const title = `IPVS sends to ${to}`;
  if (isIcmp(before.l4))
    return {
      title,
      sentence: `The error is about an answer that IPVS on ${here} had translated, so it is led to ${to}, the real server that gave it.`,
    };
  if (step.by === 'connection')
    return {
      title,
      sentence: `A later packet of a connection that IPVS on ${here} knows: it goes to ${names.endpoint(server.ip, server.port)} like the first. Conntrack does not do this, the table of IPVS does (ipvsadm -Lnc).`,
    };
  const asked = `${writerSentence(virtual.origin)}The packet asked for ${endpointText(virtual)}. IPVS on ${here} finds that virtual server by one hash lookup and picks ${names.endpoint(server.ip, server.port)}: ${choice(step)}.`;
  return { title, sentence: `${asked} ${wayOn(scene)}` };
}

function choice({ by, virtual }: StepOf<'ipvs'>): string {
  if (by === 'template')
    return `this client was here before, and persistence holds for ${virtual.persistentSeconds ?? 0} seconds`;
  const servers = virtual.realServers.length;
  return servers === 1 ? 'it is the only real server' : `of ${servers} real servers, ${SCHEDULERS[virtual.scheduler]}`;
}

/** The fact that people get wrong: a forwarded request never sees FORWARD. */
function wayOn({ step, here, ns, names }: IpvsScene): string {
  if (step.server.forward === 'route')
    return `It changes no address (ipvsadm -g, direct routing): only the frame goes to ${names.ip(step.server.ip)}, which gets the packet as the client sent it and answers the client itself. ${here} will not see the answer.`;
  const isHere = ns.addresses.some(({ ip }) => ip === step.server.ip);
  if (isHere) return `That is an address of ${here} itself, so the packet goes on up to a program.`;
  if (step.hook === 'OUTPUT') return `No rule did this, and it happened after the nat table of OUTPUT.`;
  return `The packet had already passed the filter rules of INPUT with the address that was asked; now it goes out again by OUTPUT and POSTROUTING, and never sees FORWARD.`;
}

function explainReply({ step, here, names }: IpvsScene): Pick<Told, 'title' | 'sentence'> {
  const was = endsOf(step.before).src;
  const now = endsOf(step.after).src;
  const title = `IPVS: answer comes from ${now} again`;
  if (isIcmp(step.before.l4))
    return {
      title: `IPVS: error comes from ${now} again`,
      sentence: `The error quotes a packet that IPVS on ${here} had sent to ${endpointText(step.server)}. IPVS puts the Service's address back, in the quoted packet too, so that the program recognises it.`,
    };
  return {
    title,
    sentence: `IPVS on ${here} knows this as the answer of a connection that it sent to ${names.endpoint(step.server.ip, step.server.port)}, and puts the address back that was asked: ${was} becomes ${now}. It does so at ${step.hook}, where the rules before it saw the endpoint's address.`,
  };
}

/** Real servers are sorted by number, not in the order in which they are chosen. */
function virtualEvidence({ step, here }: IpvsScene): Evidence {
  const { virtual, server } = step;
  const at = endpointText(virtual);
  const lines = printIpvsadmList([virtual]).split('\n').slice(0, -1);
  const index = lines.findIndex((line) => line.startsWith(`  -> ${endpointText(server)} `));
  const title = `Virtual server ${at} on ${here} (connections not counted)`;
  const command = `ipvsadm -Ln ${OPTIONS[virtual.proto]} ${at}`;
  return linesEvidence(title, command, lines, index < 0 ? null : index, server.origin);
}
