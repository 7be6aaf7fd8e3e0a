/** eBPF programs: where they run, what they look up, what they decide. */
import { never } from '../../base/assert.ts';
import { BPF_MAP_KINDS, BPF_PROGRAMS } from '../../drivers/registry.ts';
import { attachmentLine } from '../../linux/bpf/attach.ts';
import type { BpfVerdictName } from '../../linux/bpf/events.ts';
import { kindOfMap } from '../../linux/bpf/kind.ts';
import type { Step } from '../../linux/step.ts';
import { lineEvidence } from './evidence.ts';
import { mapEvidence } from './evidence-bpf.ts';
import { flowEvidence } from './evidence-flows.ts';
import type { Evidence } from './explanation.ts';
import { routeLine } from './lines.ts';
import { endsOf } from './packet-words.ts';
import type { Scene, StepOf, Told } from './scene.ts';

export type BpfStep = Extract<Step, { kind: `bpf-${string}` }>;

export function explainBpf(scene: Scene<BpfStep>): Told {
  const { step } = scene;
  switch (step.kind) {
    case 'bpf-run':
      return explainRun({ ...scene, step });
    case 'bpf-map':
      return explainMap({ ...scene, step });
    case 'bpf-nat':
      return explainNat({ ...scene, step });
    case 'bpf-choice':
      return explainChoice({ ...scene, step });
    case 'bpf-fib':
      return explainFib({ ...scene, step });
    case 'bpf-notify':
      return explainNotify({ ...scene, step });
    case 'bpf-policy':
      return explainPolicy({ ...scene, step });
    case 'bpf-verdict':
      return explainVerdict({ ...scene, step });
    case 'bpf-sock':
      return explainSock({ ...scene, step });
    default:
      return never(step, 'step');
  }
}

const aboutProgram = (id: string): string => BPF_PROGRAMS.get(id)?.about ?? 'runs on the packet';

function explainRun({ step, here }: Scene<StepOf<'bpf-run'>>): Told {
  const { program, attachment } = step;
  const { at, origin } = attachment;
  const does = `${program} ${aboutProgram(program)}`;
  const evidence = (command: string): readonly Evidence[] => [
    lineEvidence(`The program ${program} on ${here}`, command, attachmentLine(attachment), origin),
  ];
  if (at.hook === 'tail call')
    return {
      title: `${program} is called`,
      sentence: `The program that runs calls another one by its slot in ${at.array}: ${does}. It runs right here, in the hook where the packet already is.`,
      evidence: evidence('bpftool map dump'),
      checks: [`bpftool map dump pinned /sys/fs/bpf/tc/globals/${at.array}   # on ${here}`],
    };
  if (!('dev' in at))
    return {
      title: `${program} sees the socket call`,
      sentence: `A program of ${here}'s node is attached to its control groups, so it sees every socket call of the node and of its containers: ${does}. No packet exists yet.`,
      evidence: evidence('bpftool cgroup tree'),
      checks: [`bpftool cgroup tree   # on the node of ${here}`],
    };
  const way = at.hook === 'tc ingress' ? 'comes in at' : 'is about to leave by';
  return {
    title: `${program} runs at ${at.dev}`,
    sentence: `What ${way} ${at.dev} of ${here} meets an eBPF program at its ${at.hook} hook before the node's IP stack does anything: ${does}.`,
    evidence: evidence('bpftool net show'),
    checks: [`bpftool net show dev ${at.dev}   # on ${here}`],
  };
}

function explainMap(scene: Scene<StepOf<'bpf-map'>>): Told {
  const { step, here, trace, world } = scene;
  const kind = kindOfMap(BPF_MAP_KINDS, step.map);
  const about = kind?.about ?? 'what it needs to know';
  const key = Object.values(step.key).join(' ');
  const evidence = mapEvidence(step, trace, world);
  const base = { evidence: [evidence], counts: '1 lookup', checks: [`${evidence.command}   # on ${here}`] };
  if (step.op === 'update')
    return {
      ...base,
      title: `${step.map} is written`,
      sentence: `${step.program} keeps what later packets will need (${about}): an entry for ${key}.`,
      counts: '1 entry written',
    };
  if (!step.entry)
    return {
      ...base,
      title: `${step.map}: nothing`,
      sentence: `${step.program} looks up ${about}: there is no entry for ${key}. One lookup, however large the map is.`,
    };
  return {
    ...base,
    title: `${step.map}: found`,
    sentence: `${step.program} looks up ${about}, and finds the highlighted entry for ${key}. One lookup, however large the map is.`,
  };
}

const CAUSES: Readonly<Record<StepOf<'bpf-nat'>['cause'], string>> = {
  service: 'The packet asked for a Service; now it goes to the backend that was chosen.',
  'reverse-service':
    "The answer gets back the address that its client had asked: the program's own table knows the connection.",
  snat: 'The source becomes an address of this node, so that answers come back to it; its table of translations remembers whose it was.',
  'reverse-snat': 'This answers a connection whose source was translated here: it gets its true destination back.',
};

function explainNat({ step, here }: Scene<StepOf<'bpf-nat'>>): Told {
  const [before, after] = [endsOf(step.before), endsOf(step.after)];
  const changes = [
    ...(before.src === after.src ? [] : [`source ${before.src} becomes ${after.src}`]),
    ...(before.dst === after.dst ? [] : [`destination ${before.dst} becomes ${after.dst}`]),
  ];
  return {
    title: changes.length > 0 ? (changes[0] ?? '') : 'The addresses stay',
    sentence: `${step.program} on ${here} rewrites the packet: ${changes.join(', ') || 'nothing changes'}. ${CAUSES[step.cause]} No iptables rule and no conntrack of the kernel take part.`,
  };
}

function explainChoice({ step, names }: Scene<StepOf<'bpf-choice'>>): Told {
  const chosen = step.of[step.index] ?? '';
  const [ip = '', port = ''] = chosen.split(':');
  const who = names.endpoint(ip as never, Number(port));
  const many = step.of.length;
  return {
    title: many === 1 ? `Only ${chosen} can serve` : `Chance: ${chosen}`,
    sentence:
      many === 1
        ? `There is one backend only, ${who}.`
        : `${step.program} draws a random number and takes slot ${step.index + 1} of ${many}: ${who}. Each has the same chance, for every new connection.${step.isKept ? ' The choice is remembered for this client.' : ''}`,
  };
}

function explainFib({ step, here, names }: Scene<StepOf<'bpf-fib'>>): Told {
  const { route } = step.route;
  return {
    title: route ? `Routing table asked: ${step.route.dev}` : 'Routing table asked: no route',
    sentence: `${step.program} asks ${here}'s routing tables for ${names.ipLong(step.dst)} by a helper function (bpf_fib_lookup), and then sends the packet itself: it does not go through the IP stack.`,
    evidence: [
      lineEvidence(`Route of ${here}`, `ip route get ${step.dst}`, route ? routeLine(route) : null, route?.origin),
    ],
    checks: [`ip route get ${step.dst}   # on ${here}`],
  };
}

const FLOW_LOG_ENDS = {
  own: ': one line of the flow log.',
  none: '. The flow log sums up what it has told of this connection, so there is no line for this packet.',
} as const;

function explainNotify(scene: Scene<StepOf<'bpf-notify'>>): Told {
  const { step, here } = scene;
  const evidence = flowEvidence(scene);
  const who = `from identity ${step.src} to ${step.dst === 0 ? 'one not yet known' : `identity ${step.dst}`}`;
  return {
    title: step.dropped ? `Reported: ${step.dropped}` : `Reported: ${step.point}`,
    sentence: `${step.program} on ${here} tells its agent of this packet (${step.point}, ${who}${step.ct === 'unknown' ? '' : `, connection ${step.ct}`})${FLOW_LOG_ENDS[evidence.length > 0 ? 'own' : 'none']}`,
    evidence,
  };
}

function explainPolicy(scene: Scene<StepOf<'bpf-policy'>>): Told {
  const { step, here } = scene;
  const { direction, isAllowed, origin, src, dst } = step;
  const other = direction === 'ingress' ? `who sends (identity ${src})` : `who gets it (identity ${dst})`;
  const why = origin?.for ? ` ${origin.for}${isAllowed ? ':' : ''} ${origin.why ?? ''}.` : '';
  return {
    title: `Policy: ${isAllowed ? 'allowed' : 'denied'} (${step.match})`,
    sentence: `${step.program} on ${here} asks the pod's ${direction} policy about ${other} and the port: ${isAllowed ? 'an entry allows it' : 'no entry allows it'}.${why}`,
    evidence: flowEvidence(scene),
  };
}

/** What each verdict means for the way of the packet. */
const VERDICTS: Readonly<Record<BpfVerdictName, (to: string, here: string) => readonly [string, string]>> = {
  pass: (_to, here) => [
    'Goes on',
    `lets the packet go on its way: what would have happened on ${here} without a program happens now.`,
  ],
  redirect: (to) => [
    `Redirected to ${to}`,
    `puts the packet out of ${to} itself. No routing decision, no iptables rule and no conntrack of the kernel are asked.`,
  ],
  'redirect-ingress': (to, here) => [
    `Redirected into ${to}`,
    `makes the packet arrive at ${to} as if it came in there: it is for ${here} itself, whose IP stack takes it from here.`,
  ],
  'redirect-peer': (to) => [
    `Straight into ${to}`,
    `moves the packet into the pod's own namespace (bpf_redirect_peer): it appears at ${to} at once. A capture on the node's end of that cable shows nothing.`,
  ],
  'redirect-neigh': (to) => [
    `Redirected to ${to}`,
    `sends the packet out of ${to}; the kernel only finds the MAC of the next hop (bpf_redirect_neigh). The IP stack with its rules is left out.`,
  ],
  reply: () => ['Sends it back', 'turns the packet into an answer and sends it back where it came from.'],
  proxy: (_to, here) => [
    'To the proxy',
    `gives the packet to a proxy on ${here}, which reads what is in it and answers in place of whom it is for.`,
  ],
  drop: () => ['Dropped', 'drops the packet.'],
};

function explainVerdict({ step, here, names }: Scene<StepOf<'bpf-verdict'>>): Told {
  const { to } = step;
  const device = to ? (to.ns === step.ns ? to.dev : `${to.dev} of ${names.ns(to.ns)}`) : '';
  const [title, does] = VERDICTS[step.verdict](device, here);
  const mark =
    step.mark === undefined ? '' : ` Its mark is 0x${step.mark.toString(16)}, which other programs and rules can read.`;
  return { title, sentence: `${step.program} on ${here} ${does}${mark}` };
}

function explainSock(scene: Scene<StepOf<'bpf-sock'>>): Told {
  return { ...sockWords(scene), evidence: flowEvidence(scene) };
}

function sockWords({ step, here, names }: Scene<StepOf<'bpf-sock'>>): Told {
  const text = ({ ip, port }: { ip: string; port: number }): string => `${ip}:${port}`;
  const [before, after] = [text(step.before), step.after && text(step.after)];
  const service = names.service(step.before.ip);
  const asked = service ? `${before}, a Service` : before;
  if (after === null || !step.after)
    return {
      title: `The call to ${before} fails`,
      sentence: `${here} asks for ${asked}, and nobody is behind it: ${step.program} lets the call fail at once. No packet is ever sent.`,
    };
  if (step.call === 'recvmsg4')
    return {
      title: `The program is told: from ${after}`,
      sentence: `The answer came from ${before}, but ${here} had asked ${after}: ${step.program} puts that address back as the sender, only for the program that reads it. No packet is changed.`,
    };
  return {
    title: `${step.call.replace('4', '')}: ${before} becomes ${after}`,
    sentence: `${here} asks for ${asked}. ${step.program} translates the call itself: the socket is connected to ${names.endpoint(step.after.ip, step.after.port)}, so every packet carries that address from the start, and answers need no translation. The program still believes that it talks to ${before} (getpeername).`,
  };
}
