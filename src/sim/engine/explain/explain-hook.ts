/** The five places where netfilter looks at a packet. Order of calls: net/ipv4/ip_input.c, ip_forward.c, ip_output.c. */
import { deviceOf, type Scene, type StepOf, type Told, visitSoFar } from './scene.ts';

type HookScene = Scene<StepOf<'hook'>>;

export function explainHook(scene: HookScene): Told {
  const { step, here } = scene;
  if (step.family === 'bridge') {
    return {
      title: `${step.hook} of the bridge on ${here}`,
      sentence: `The frame is at the bridge. Because bridge-nf-call-iptables is 1, the bridge lends it to the IP hooks, so iptables rules see traffic that is only bridged.`,
      checks: [`sysctl net.bridge.bridge-nf-call-iptables   # on ${here}`],
    };
  }
  return {
    title: `${step.hook} on ${here}`,
    sentence: SENTENCES[step.hook](scene),
    checks: [`iptables-save | grep -- '-A ${step.hook} '   # on ${here}`],
  };
}

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
