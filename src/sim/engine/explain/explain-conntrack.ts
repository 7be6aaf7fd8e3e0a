/** Connection tracking and the rewriting of addresses. Facts: net/netfilter/nf_conntrack_core.c, nf_nat_core.c, Linux 6.18. */
import { type Rule, rulesetOf, toolOf } from '../../linux/netfilter/iptables/rule.ts';
import type { CtSnapshot, Step } from '../../linux/step.ts';
import { familyOf } from '../../wire/ip.ts';
import { ruleEvidence } from './evidence.ts';
import { nftRuleEvidence } from './evidence-nft.ts';
import { slotText } from './explain-nft.ts';
import type { Evidence } from './explanation.ts';
import { serviceName } from './names.ts';
import { ruleMasquerades } from './nft-rule.ts';
import { endsOf, portsOf, socketText } from './packet-words.ts';
import { deviceOf, type Scene, type StepOf, type Told, visitFromHere, visitSoFar } from './scene.ts';

export function explainConntrack({ step, here, trace }: Scene<StepOf<'conntrack'>>): Told {
  const checks = step.entry ? [`${listCommand(step.entry)}   # on ${here}`] : [`conntrack -L   # on ${here}`];
  const title = `Conntrack on ${here}: ${step.state}`;
  const say = (sentence: string): Told => ({ title, sentence, checks });
  switch (step.state) {
    case 'NEW':
      if (!step.created) return say(`${here} has seen this flow, but no answer to it yet: still NEW.`);
      if (step.outer && step.entry?.proto === 'ipencap')
        return say(
          `The outer packet is a flow of its own, protocol 4 between two nodes, so ${here} writes an entry for it too. All pods of the two nodes share it, because an IP-in-IP envelope has no ports.`,
        );
      if (step.outer)
        return say(
          `The outer packet is a flow of its own, UDP between two nodes, so ${here} writes an entry for it too. It never gets an answer: packets the other way use another source port.`,
        );
      return say(
        `${here} has not seen this flow before and writes an entry for it. Every node keeps its own table; only the first packet of a flow is shown to the nat table.`,
      );
    case 'ESTABLISHED':
      return say(establishedSentence(step, here, trace.steps));
    case 'RELATED':
      return say(
        `This ICMP error quotes a packet of a known flow, so it counts as RELATED: it is let through with that flow, and its addresses are translated with it.`,
      );
    case 'INVALID':
      return say(
        `This segment fits no flow that ${here} knows: it saw no SYN that this answers. Nothing is translated for it, and a rule that drops INVALID will end it.`,
      );
    case 'UNTRACKED':
      return say(`A rule in the raw table asked not to track this packet, so no NAT can happen to it.`);
  }
}

function establishedSentence(step: StepOf<'conntrack'>, here: string, steps: readonly Step[]): string {
  const { entry } = step;
  const translated = entry && (entry.dnat || entry.snat);
  const isFirstReply = !steps
    .slice(0, step.i)
    .some((s) => s.kind === 'conntrack' && s.ns === step.ns && s.entry?.id === entry?.id && s.dir === 'reply');
  const which = step.dir === 'reply' ? 'the answer to a flow' : 'a later packet of a flow';
  if (!translated)
    return `${here} knows this as ${which} that it has seen. It skips the nat table, which only the first packet of a flow meets.`;
  const how =
    step.dir === 'reply' && isFirstReply
      ? 'the entry itself says how to put the addresses back'
      : 'the entry says which addresses to write';
  return `${here} knows this as ${which} that it translated. It skips the nat table: ${how}.`;
}

function listCommand(entry: CtSnapshot): string {
  const { proto, original } = entry;
  const port = proto === 'icmp' || proto === 'ipv6-icmp' ? '' : ` --orig-port-src ${original.sport}`;
  const family = familyOf(original.dst) === 6 ? ' -f ipv6' : '';
  return `conntrack -L${family} -p ${proto === 'ipv6-icmp' ? 'icmpv6' : proto} -s ${entry.original.src} -d ${entry.original.dst}${port}`;
}

export function explainNat(scene: Scene<StepOf<'nat'>>): Told {
  const { step, here } = scene;
  const checks = [`${listCommand(step.entry)}   # on ${here}`];
  if (step.cause === 'icmp-error') return { ...explainErrorNat(scene), checks };
  if (step.cause === 'conntrack') return { ...explainReturnNat(scene), checks };
  const rule = lastRule(scene);
  const told = step.manip === 'dst' ? explainDnat(scene, rule) : explainSnat(scene, rule);
  if (!rule) return { ...told, evidence: [], checks };
  return { ...told, evidence: [decidedBy(scene, rule)], checks: [listRule(scene, rule), ...checks] };
}

type NatRule = StepOf<'rule'> | StepOf<'nft-rule'>;

/** The rule that asked for the translation comes right before it. */
function lastRule(scene: Scene): NatRule | undefined {
  return visitSoFar(scene).findLast(
    (s): s is NatRule => (s.kind === 'rule' && s.table === 'nat') || s.kind === 'nft-rule',
  );
}

const decidedBy = ({ ns, here }: Scene, rule: NatRule): Evidence =>
  rule.kind === 'rule' ? ruleEvidence(ns, here, rule, rule.index) : nftRuleEvidence(ns, here, rule);

const listRule = ({ here }: Scene, rule: NatRule): string =>
  rule.kind === 'rule'
    ? `${toolOf(rule.family)}-save -t ${rule.table} | grep ${rule.chain}   # on ${here}`
    : `nft list chain ${rule.family} ${rule.table} ${rule.chain}   # on ${here}`;

function explainDnat(scene: Scene<StepOf<'nat'>>, rule: NatRule | undefined): Omit<Told, 'evidence'> {
  const { step, here, names } = scene;
  const asked = endsOf(step.before).dst;
  const to = portsOf(step.after.l4)?.dport;
  const port = portsOf(step.before.l4)?.dport;
  const proto = step.before.l4.proto;
  const door =
    port === undefined || (proto !== 'tcp' && proto !== 'udp') ? undefined : names.door(step.before.dst, port, proto);
  const whose = door
    ? `, ${door.door === 'nodePort' ? 'a node port' : 'the address'} of ${serviceName(door.service)}`
    : '';
  const by = rule?.rule.origin?.by ?? 'a rule';
  const chosen = rule?.kind === 'nft-rule' ? nftChoiceOf(scene, rule) : choiceOf(scene);
  const within = rule?.kind === 'nft-rule' ? ` in the chain ${rule.chain}` : '';
  return {
    title: `DNAT to ${socketText(step.after.dst, to)}`,
    sentence: `${here} translates the destination. The packet asked for ${asked}${whose}; ${by === 'a rule' ? by : `${by}'s rule`} picked endpoint ${socketText(step.after.dst, to)} (${names.ip(step.after.dst)}${chosen})${within}. Conntrack remembers the choice for the rest of the flow.`,
  };
}

/** `; slot 2 of 3, drawn at random`: by this rule itself, or by the one that led to its chain. */
function nftChoiceOf(scene: Scene, rule: StepOf<'nft-rule'>): string {
  const own = slotText(rule.rule, rule.slot);
  if (own !== null) return `; ${own}`;
  const parent = visitSoFar(scene).findLast(
    (s): s is StepOf<'nft-rule'> => s.kind === 'nft-rule' && s.to === rule.chain,
  );
  if (!parent) return '';
  return `; ${slotText(parent.rule, parent.slot) ?? 'the same as last time, by session affinity'}`;
}

/** `; 1 of 3, chosen at random`: counts the rules of the chain that led to the translating one. */
function choiceOf(scene: Scene<StepOf<'nat'>>): string {
  const { ns } = scene;
  const rules = visitSoFar(scene).filter((s): s is StepOf<'rule'> => s.kind === 'rule' && s.table === 'nat');
  const last = rules.at(-1);
  const leads = (rule: Rule): boolean => {
    const { target } = rule;
    if (target?.kind !== 'jump' && target?.kind !== 'goto') return false;
    return (
      rulesetOf(ns, last?.family)
        .get('nat')
        ?.chains.get(target.chain)
        ?.rules.some((r) => r.target?.kind === 'DNAT') === true
    );
  };
  const parent = rules.findLast((s) => targetChain(s.rule) === last?.chain);
  if (!parent) return '';
  const all = rulesetOf(ns, last?.family).get('nat')?.chains.get(parent.chain)?.rules.filter(leads) ?? [];
  if (parent.rule.matches.some((m) => m.kind === 'recent')) return `; the same as last time, by session affinity`;
  const endpoints = new Set(all.map(targetChain)).size;
  return endpoints > 1 ? `; 1 of ${endpoints}, chosen at random` : `; the only one`;
}

const targetChain = (rule: Rule): string | undefined =>
  rule.target?.kind === 'jump' || rule.target?.kind === 'goto' ? rule.target.chain : undefined;

function explainSnat(scene: Scene<StepOf<'nat'>>, rule: NatRule | undefined): Omit<Told, 'evidence'> {
  const { step, here, names } = scene;
  const { before, after } = step;
  const port = portsOf(after.l4)?.sport;
  if (before.src === after.src) {
    return {
      title: `New source port ${port ?? ''}`,
      sentence: `The address is already right, so only the source port changes: to ${port}, a free one picked at random (${rule?.kind === 'nft-rule' ? 'fully-random' : '--random-fully'}).`,
    };
  }
  const isMasquerade = rule?.kind === 'nft-rule' ? ruleMasquerades(rule.rule) : rule?.rule.target?.kind !== 'SNAT';
  const dev = leavingDevice(scene);
  const selfReached =
    before.src === before.dst
      ? `The Service led ${names.ip(before.src)} to itself, and no machine accepts a packet that comes from its own address. So `
      : '';
  const why = isMasquerade
    ? `Masquerading takes the address of the device by which the packet leaves${dev ? `: ${dev}` : ''}.`
    : `The rule names the address.`;
  return {
    title: `${isMasquerade ? 'Masquerade' : 'SNAT'}: ${before.src} becomes ${after.src}`,
    sentence: `${selfReached}${here} hides the sender: ${names.ipLong(before.src)} becomes ${socketText(after.src, port)}. ${why} Now the answer must come back through ${here}, the only one that can translate it back.`,
  };
}

/** The last routing decision of this visit, else the device seen next. */
function leavingDevice(scene: Scene): string | undefined {
  const next = visitFromHere(scene).find((s) => s.kind === 'dev' && s.dir === 'out');
  const route = visitSoFar(scene).findLast((s) => s.kind === 'route');
  const dev = route?.kind === 'route' ? route.dev : next?.kind === 'dev' ? next.dev : undefined;
  return dev !== undefined && deviceOf(scene.ns, dev) ? dev : undefined;
}

function explainReturnNat(scene: Scene<StepOf<'nat'>>): Omit<Told, 'evidence' | 'checks'> {
  const { step, here, names } = scene;
  const was = endsOf(step.before);
  const now = endsOf(step.after);
  const answers = isReply(scene);
  if (step.manip === 'src' && answers) {
    const service = names.ip(step.after.src);
    return {
      title: `Answer comes from ${now.src} again`,
      sentence: `${here} puts the address back that was asked: ${was.src} becomes ${now.src} (${service}). No rule does this: conntrack remembers the flow. Without it the client would get an answer from a stranger.`,
    };
  }
  if (answers) {
    return {
      title: `Answer goes to ${now.dst} again`,
      sentence: `The answer was sent to ${was.dst}, the address that masquerading had put there. Conntrack on ${here} knows the real sender and writes ${now.dst} (${names.ip(step.after.dst)}), before routing.`,
    };
  }
  const what =
    step.manip === 'dst' ? `destination ${was.dst} becomes ${now.dst}` : `source ${was.src} becomes ${now.src}`;
  return {
    title: `Same translation as before`,
    sentence: `A later packet of a known flow: the nat table is not asked again. From the conntrack entry, ${what}, as for the first packet.`,
  };
}

/** The packet travels against the direction in which the flow began, as the lookup in this visit said. */
function isReply(scene: Scene): boolean {
  return visitSoFar(scene).findLast((s): s is StepOf<'conntrack'> => s.kind === 'conntrack')?.dir === 'reply';
}

function explainErrorNat({ step, here }: Scene<StepOf<'nat'>>): Omit<Told, 'evidence' | 'checks'> {
  return {
    title: `Error translated with its flow`,
    sentence: `The error quotes a packet that ${here} had translated. Both the quoted packet and the sender of the error are put back, so that the program recognises it: ${step.before.src} becomes ${step.after.src}. This is why every router on the way seems to have the Service's address.`,
  };
}
