/** The five places where netfilter looks at a packet. Order of calls: net/ipv4/ip_input.c, ip_forward.c, ip_output.c. */

import { rulesetOf, toolOf } from '../../linux/netfilter/iptables/rule.ts';
import type { Step } from '../../linux/step.ts';
import { familyOf } from '../../wire/ip.ts';
import { isUnderlay } from '../world.ts';
import { packetOf } from './packet-words.ts';
import {
  deviceOf,
  isForIpvs,
  type Scene,
  type StepOf,
  sentByIpvs,
  type Told,
  visitFromHere,
  visitSoFar,
} from './scene.ts';

type HookScene = Scene<StepOf<'hook'>>;

export function explainHook(scene: HookScene): Told {
  const { step, here, ns } = scene;
  if (step.family === 'bridge') return explainBridgeHook(scene);
  const packet = packetOf(step.frame);
  const family = packet ? familyOf(packet.dst) : 4;
  const rules = rulesetOf(ns, family);
  const hasNft = (ns.nftables?.length ?? 0) > 0;
  const checks = [
    ...(rules.size === 0 ? [] : [`${toolOf(family)}-save | grep -- '-A ${step.hook} '   # on ${here}`]),
    ...(hasNft
      ? [
          `nft list hooks ip${family === 6 ? '6' : ''}   # on ${here}: who is called at ${step.hook.toLowerCase()}, in order`,
        ]
      : []),
  ];
  const isEmpty = rules.size === 0 && !hasNft;
  const sentence = isEmpty ? emptySentence(scene) : SENTENCES[step.hook](scene);
  return { title: `${step.hook} on ${here}`, sentence, checks };
}

/** A namespace without tables: most pods, and machines outside the cluster. */
function emptySentence({ step, here, names, ns }: HookScene): string {
  const where = names.pod(step.ns)
    ? `${here} has its own network namespace, and there are no rules in it`
    : `${here} has no iptables rules`;
  const isFirst = step.hook === 'OUTPUT' && names.pod(step.ns) && !ns.bpf?.attachments.length;
  return `${where}: nothing happens at ${step.hook}.${isFirst ? ' Services are translated on the node, not in the pod.' : ''}`;
}

function explainBridgeHook(scene: HookScene): Told {
  const { step, here, ns } = scene;
  const isSwitch = isUnderlay(step.ns);
  const packet = packetOf(step.frame);
  const isV6 = packet !== undefined && familyOf(packet.dst) === 6;
  const tool = isV6 ? 'ip6tables' : 'iptables';
  const isIp = !isSwitch && packet !== undefined;
  const isLent = isIp && ns.sysctl[`bridge.bridge-nf-call-${tool}`] !== 0;
  const lent = isLent
    ? ` Because bridge-nf-call-${tool} is 1, the bridge lends it to the IP hooks: ${tool} sees traffic that is only bridged.`
    : '';
  const off = !isLent && isIp ? ` bridge-nf-call-${tool} is 0, so ${tool} does not see it.` : '';
  const extra = step.hook === 'PREROUTING' || step.hook === 'FORWARD' ? `${lent}${off}` : '';
  return {
    title: isSwitch ? `Switch: ${step.hook.toLowerCase()}` : `Bridge ${step.hook} on ${here}`,
    sentence: isSwitch ? SWITCH_SENTENCES[step.hook](scene) : `${BRIDGE_SENTENCES[step.hook](scene)}${extra}`,
    checks: isSwitch ? [] : [`sysctl net.bridge.bridge-nf-call-${tool}   # on ${here}`],
  };
}

const SWITCH_SENTENCES: typeof BRIDGE_SENTENCES = {
  PREROUTING: ({ step }) => `The frame enters the switch by the port ${step.iif}.`,
  INPUT: () => `The frame is for everybody, the switch included.`,
  FORWARD: ({ step }) => `The switch passes the frame on, from ${step.iif} to ${step.oif}.`,
  OUTPUT: ({ step }) => `The switch itself sends, by ${step.oif}.`,
  POSTROUTING: ({ step }) => `The frame is about to leave the switch by ${step.oif}.`,
};

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

/** Does the packet belong to a flow that this node knows? Then the nat table is not asked (nf_nat_inet_fn). */
function isKnownFlow(scene: HookScene): boolean {
  const looked = (steps: readonly Step[]): Step | undefined => steps.find((s) => s.kind === 'conntrack');
  const isEntry = scene.step.hook === 'PREROUTING' || scene.step.hook === 'OUTPUT';
  const found = isEntry ? looked(visitFromHere(scene)) : looked(visitSoFar(scene).reverse());
  return found?.kind === 'conntrack' && (found.state === 'ESTABLISHED' || found.state === 'RELATED');
}

/** The rewriting that happens at this hook, if any. */
function rewriteHere(scene: HookScene): StepOf<'nat'> | undefined {
  const found = visitFromHere(scene).find((s) => s.kind === 'nat');
  return found?.kind === 'nat' && found.hook === scene.step.hook ? found : undefined;
}

function preRouting(scene: HookScene): string {
  const { step, here, ns } = scene;
  if (step.outer)
    return `The wrapped packet is for ${here} itself, and passes the same hooks as any other packet: PREROUTING, then INPUT.`;
  const bridged = isBridged(scene) && deviceOf(ns, step.iif)?.kind === 'bridge';
  const where = bridged
    ? `First hook, still at the bridge port; rules see the packet as coming in by ${step.iif}.`
    : `First hook, before ${here} decides where the packet goes.`;
  if (isKnownFlow(scene)) {
    const back = rewriteHere(scene) ? ' Conntrack itself rewrites the destination.' : '';
    return `${where} The flow is known, so the nat table is skipped.${back}`;
  }
  if (isForIpvs(scene))
    return `${where} In IPVS mode rules here only put marks: the address that was asked belongs to ${here} itself, so the packet goes on to INPUT, where IPVS waits.`;
  if (ns.ipvs !== undefined) return `${where} In IPVS mode nothing is translated here: rules only put marks.`;
  const once = bridged ? ' The hook runs once: when the bridge hands the packet up, it is not repeated.' : '';
  return `${where} Destinations are translated here, so that routing works with the new one.${once}`;
}

function input(scene: HookScene): string {
  const { step, here } = scene;
  if (step.outer)
    return `The tunnel packet is addressed to ${here}, so it goes to INPUT; FORWARD sees only the packet inside, later.`;
  if (isForIpvs(scene))
    return `The address that was asked is one of ${here}'s own, so the packet comes here and not to FORWARD. First the filter rules see it, still with that address; after them IPVS takes it, and no program gets it.`;
  return `The destination is an address of ${here} itself: this is the last check before a program gets it.`;
}

function forward(scene: HookScene): string {
  const { step, here, trace } = scene;
  if (isBridged(scene))
    return `The packet only crosses the bridge, and yet FORWARD sees it (in and out by ${step.iif}). A policy that drops here stops even two pods on one node.`;
  const passes = `The packet passes through ${here}, in by ${step.iif} and out by ${step.oif}.`;
  const later = visitFromHere(scene).find((s) => s.kind === 'nat');
  const back = visitFromHere(scene).find((s) => s.kind === 'ipvs');
  if (back?.kind === 'ipvs' && back.hook === 'FORWARD')
    return `${passes} Rules here still see the endpoint's address as the source: after them, IPVS puts the Service's address back.`;
  if (later?.kind === 'nat' && later.cause === 'conntrack' && later.before.src !== trace.from.ip)
    return `${passes} Rules here still see the endpoint's address as the source: the Service's address is put back only after them, in POSTROUTING.`;
  const translated = visitSoFar(scene).some((s) => s.kind === 'nat' && s.manip === 'dst');
  const sees = translated ? ", after DNAT: rules see the pod's address, not the one that was asked" : '';
  return `${passes} Traffic between pods is filtered here${sees}.`;
}

function output(scene: HookScene): string {
  const { step, here } = scene;
  if (step.outer)
    return `${here} made this outer packet itself, so it starts at OUTPUT like the packet of any local program; FORWARD never sees it.`;
  const sent = sentByIpvs(scene);
  if (sent?.hook === 'OUTPUT')
    return `IPVS sends the packet out again, to the real server, so it passes OUTPUT a second time: the filter rules see the endpoint's address, and IPVS leaves the packet alone.`;
  if (sent)
    return `IPVS sends the packet out again, to the real server, so it passes OUTPUT like ${here}'s own packets. Rules that watch FORWARD never see it.`;
  if (isForIpvs(scene))
    return `${here} itself sends: its packets start at OUTPUT, and never see PREROUTING. IPVS takes what is for a Service here, after the nat table.`;
  const nat = isKnownFlow(scene)
    ? ' The flow is known, so the nat table is skipped.'
    : ' Service addresses are translated here too.';
  return `${here} itself sends: its packets start at OUTPUT, and never see PREROUTING.${nat}`;
}

function postRouting(scene: HookScene): string {
  const { step, here } = scene;
  if (step.outer)
    return `Last hook of the outer packet: it leaves with ${here}'s own address, so nothing needs masquerading.`;
  const by = step.oif === undefined ? '' : `, and the way out (${step.oif}) is known`;
  if (isKnownFlow(scene))
    return rewriteHere(scene)
      ? `Last hook${by}. The flow is known: conntrack itself rewrites the source, and the nat table is skipped.`
      : `Last hook${by}. The flow is known, so the nat table is skipped.`;
  return `Last hook${by}: this is where masquerading can choose a source address that fits it.`;
}
