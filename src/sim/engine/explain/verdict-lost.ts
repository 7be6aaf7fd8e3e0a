/** The program waited in vain, or was told that there is no way: which machine lost the packet, and why. */
import { toolOf } from '../../linux/netfilter/iptables/rule.ts';
import { familyOf } from '../../wire/ip.ts';
import { inWordsOf } from './family-words.ts';
import { capital, serviceName } from './names.ts';
import { innerPacket } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';
import { findFiltered } from './verdict-filtered.ts';
import { reasonOf } from './verdict-reasons.ts';
import { findStrayed } from './verdict-strayed.ts';

const HEADS: Partial<Record<Case['result']['outcome'], string>> = {
  timeout: 'No answer',
  'no-route': 'No route',
  'host-unreachable': 'Unreachable',
  'net-unreachable': 'Unreachable',
  refused: 'Refused',
  prohibited: 'Prohibited',
};

export const headOf = ({ result }: Case): string => HEADS[result.outcome] ?? 'Failed';

export function findLost(c: Case): Finding {
  const head = headOf(c);
  const { drop } = c;
  if (!drop) return findNoDrop(c, head);
  const finding = findStrayed(c, drop) ?? findFiltered(c, drop) ?? findUnexpected(c, drop) ?? findByReason(c, drop);
  return { ...finding, sentence: `${head}: ${answerLost(c, drop)}${finding.sentence}.` };
}

function findNoDrop(c: Case, head: string): Finding {
  const sentence =
    c.first === null
      ? `${head}: ${c.names.ns(c.from)} could not send to ${askedText(c)} at all.`
      : `${head}: every packet arrived, but nothing came back to ${c.names.ns(c.from)}.`;
  return { sentence, remedy: null, step: c.result.atStep ?? c.steps.at(-1)?.i ?? null };
}

export function dropBase(drop: StepOf<'drop'>): Pick<Finding, 'step' | 'reason' | 'culprit'> {
  return { step: drop.i, reason: drop.reason, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
}

/** Says so when it was not the request that was lost. */
function answerLost(c: Case, drop: StepOf<'drop'>): string {
  const born = c.steps.find((s) => s.kind === 'send' && s.packet === drop.packet);
  const isOwn = born === undefined || born.ns === c.from || drop.ns === c.from;
  return isOwn ? '' : `the request reached ${c.names.ns(born.ns)}, but the answer was lost: `;
}

/**
 * The answer came from an address that the program never asked, because it did not pass the place that translates: the client's
 * kernel resets it. Typical with bridge-nf-call-iptables=0, where an answer on the same bridge passes no IP hook.
 */
function findUnexpected(c: Case, drop: StepOf<'drop'>): Finding | null {
  if (drop.reason !== 'UNEXPECTED_SEGMENT' || drop.ns !== c.from) return null;
  const packet = innerPacket(drop.frame);
  const node = c.names.pod(c.from)?.node ?? '';
  const tool = toolOf(packet && familyOf(packet.dst));
  const isOff = c.world.namespaces.get(node)?.sysctl[`bridge.bridge-nf-call-${tool}`] === 0;
  const stranger = packet ? c.names.ipLong(packet.src) : 'a stranger';
  const asked = c.service ? `${askedText(c)} (${serviceName(c.service)})` : askedText(c);
  const met = `${c.names.ns(c.from)} had asked ${asked}, but the answer came straight from ${stranger}, so it reset the connection`;
  if (!isOff) return { ...dropBase(drop), sentence: met, remedy: null };
  return {
    ...dropBase(drop),
    sentence: `${met}: with net.bridge.bridge-nf-call-${tool} 0 on ${node}, a bridged answer passes no hook where conntrack could put the address back`,
    remedy: `Let bridged frames pass the hooks: sysctl -w net.bridge.bridge-nf-call-${tool}=1   # on ${node}`,
    culprit: { kind: 'sysctl', text: `net.bridge.bridge-nf-call-${tool} = 0` },
  };
}

function findByReason(c: Case, drop: StepOf<'drop'>): Finding {
  const reason = reasonOf(c, drop);
  const sentence = inWordsOf(drop.frame, reason.sentence);
  const remedy = reason.remedy && inWordsOf(drop.frame, reason.remedy);
  return { ...dropBase(drop), sentence, remedy: remedy === null ? null : capital(remedy) };
}
