/** The five places where netfilter looks at a packet. Order of calls: net/ipv4/ip_input.c, ip_forward.c, ip_output.c. */
import { UNDERLAY } from '../world.ts';
import { isArp } from './packet-words.ts';
import { deviceOf, type Scene, type StepOf, type Told, visitSoFar } from './scene.ts';

type HookScene = Scene<StepOf<'hook'>>;

export function explainHook(scene: HookScene): Told {
  const { step, here, ns } = scene;
  if (step.family === 'bridge') return explainBridgeHook(scene);
  const checks = ns.iptables.size === 0 ? [] : [`iptables-save | grep -- '-A ${step.hook} '   # on ${here}`];
  const sentence = ns.iptables.size === 0 ? emptySentence(scene) : SENTENCES[step.hook](scene);
  return { title: `${step.hook} on ${here}`, sentence, checks };
}

/** A namespace without tables: most pods, and machines outside the cluster. */
function emptySentence({ step, here, names }: HookScene): string {
  const where = names.pod(step.ns)
    ? `${here} has its own network namespace, and there are no rules in it`
    : `${here} has no iptables rules`;
  const isFirst = step.hook === 'OUTPUT' && names.pod(step.ns);
  return `${where}: nothing happens at ${step.hook}.${isFirst ? ' Services are translated on the node, not in the pod.' : ''}`;
}

function explainBridgeHook(scene: HookScene): Told {
  const { step, here, ns } = scene;
  const isSwitch = step.ns === UNDERLAY;
  const isLent = !isSwitch && !isArp(step.frame) && ns.sysctl['bridge.bridge-nf-call-iptables'] !== 0;
  const lent = isLent
    ? ` Because bridge-nf-call-iptables is 1, the bridge lends it to the IP hooks: iptables sees traffic that is only bridged.`
    : '';
  const off =
    !isLent && !isSwitch && !isArp(step.frame) ? ` bridge-nf-call-iptables is 0, so iptables does not see it.` : '';
  const extra = step.hook === 'PREROUTING' || step.hook === 'FORWARD' ? `${lent}${off}` : '';
  return {
    title: isSwitch ? `Switch: ${step.hook}` : `Bridge ${step.hook} on ${here}`,
    sentence: `${BRIDGE_SENTENCES[step.hook](scene)}${extra}`,
    checks: isSwitch ? [] : [`sysctl net.bridge.bridge-nf-call-iptables   # on ${here}`],
  };
}

/** net/bridge/br_input.c, br_forward.c, br_device.c. */
const BRIDGE_SENTENCES: Readonly<Record<StepOf<'hook'>['hook'], (scene: HookScene) => string>> = {
  PREROUTING: ({ step }) => `The frame enters the bridge by its port ${step.iif}.`,
  INPUT: ({ here }) => `The frame is for ${here} itself: the bridge hands it up.`,
  FORWARD: ({ step }) => `The bridge passes the frame on, from ${step.iif} to ${step.oif}.`,
  OUTPUT: ({ here, step }) => `${here}'s own frame enters the bridge, and goes to ${step.oif}.`,
  POSTROUTING: ({ step }) => `The frame is about to leave the bridge by ${step.oif}.`,
};

const SENTENCES: Readonly<Record<StepOf<'hook'>['hook'], (scene: HookScene) => string>> = {
  PREROUTING: preRouting,
  INPUT: input,
  FORWARD: forward,
  OUTPUT: output,
  POSTROUTING: postRouting,
};

/** Is the packet in the hands of br_netfilter: at a bridge, and not handed up? */
function isBridged(scene: HookScene): boolean {
  const before = visitSoFar(scene);
  const at = before.findLastIndex((s) => s.kind === 'hook' && s.family === 'bridge');
  return at >= 0 && !before.slice(at).some((s) => s.kind === 'dev');
}

function preRouting(scene: HookScene): string {
  const { step, here, ns } = scene;
  const bridged = isBridged(scene) && deviceOf(ns, step.iif)?.kind === 'bridge';
  if (bridged)
    return `First hook, still at the bridge port; rules see it as coming in by ${step.iif}. Destinations are translated here, before any routing. It runs once: when the bridge hands the packet up, it is not repeated.`;
  if (step.outer)
    return `The wrapped packet is for ${here} itself, and passes the same hooks as any other UDP packet: PREROUTING, then INPUT.`;
  return `First hook, before ${here} decides where the packet goes. Destination addresses are translated here, so that routing works with the new one.`;
}

function input({ step, here }: HookScene): string {
  if (step.outer)
    return `The tunnel packet is addressed to ${here}, so it goes to INPUT; FORWARD sees only the packet inside, later.`;
  return `The destination is an address of ${here} itself: this is the last check before a program gets it.`;
}

function forward(scene: HookScene): string {
  const { step, here } = scene;
  if (isBridged(scene))
    return `The packet only crosses the bridge, and yet FORWARD sees it (in and out by ${step.iif}). A policy that drops here stops even two pods on one node.`;
  return `The packet passes through ${here}, in by ${step.iif} and out by ${step.oif}. Filtering between pods happens here, after DNAT and before masquerading: rules see the pod's address, not the Service's.`;
}

function output({ step, here }: HookScene): string {
  if (step.outer)
    return `${here} made this outer packet itself, so it starts at OUTPUT like the packet of any local program; FORWARD never sees it.`;
  return `A program of ${here} sends: its packets start at OUTPUT, and never see PREROUTING. Service addresses are translated here too.`;
}

function postRouting({ step, here }: HookScene): string {
  if (step.outer)
    return `Last hook of the outer packet: it leaves with ${here}'s own address, so nothing needs masquerading.`;
  const by = step.oif === undefined ? '' : ` by ${step.oif}`;
  return `Last hook: the way out${by} is known, so this is where a source address can be chosen to match it (masquerade).`;
}
