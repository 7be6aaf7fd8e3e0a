/** Outcomes that somebody told the program about: too big, TTL used up, unknown name. */
import { inWordsOf } from './family-words.ts';
import { askedText, type Case, endName, type Finding } from './verdict-case.ts';

/** The MTU that the error told, or else the device's, as the culprit prints it (`eth0 mtu 1450`). */
export function mtuOf({ result, drop }: Case): number | null {
  const printed = /\bmtu (\d+)/.exec(drop?.culprit?.text ?? '')?.[1];
  return result.mtuBytes ?? (printed === undefined ? null : Number(printed));
}

export function findSize(c: Case): Finding {
  const { result, drop, names } = c;
  const mtu = mtuOf(c);
  const where = names.ns(drop?.ns ?? c.from);
  const size = mtu === null ? '' : ` of ${mtu} bytes`;
  const named = drop?.culprit?.text.split(' ')[0];
  const dev = named === 'mtu' ? undefined : named;
  const sentence =
    result.icmp === undefined
      ? `Too big: the packet is larger than the MTU${size} of ${where}'s own ${dev ?? 'device'} and may not be cut (DF), so it never left.`
      : `Too big: the way on from ${where} (${dev ?? 'its device'}) has an MTU${size} and the packet may not be cut (DF), so ${where} dropped it and told the sender.`;
  const remedy = `Send ${mtu === null ? 'less' : `packets of at most ${mtu} bytes`}, or allow fragments (no DF).`;
  return {
    sentence,
    remedy,
    step: drop?.i ?? result.atStep,
    ...(drop ? { reason: drop.reason } : {}),
    ...(drop?.culprit ? { culprit: drop.culprit } : {}),
  };
}

export function findTtl(c: Case): Finding {
  const { drop, names, result } = c;
  const place = drop ? names.ns(drop.ns) : 'a router';
  const ttl = c.probe.options?.ttl;
  const from = result.errorFrom === undefined ? '' : `, which answered as ${result.errorFrom}`;
  const start = ttl === undefined ? '' : ` that began with ${ttl}`;
  const words = (text: string): string => (c.first ? inWordsOf(c.first.frame, text) : text);
  return {
    sentence: words(
      `TTL used up: the TTL${start} reached its end on ${place}${from}, before the packet got to ${c.asked ? c.names.ipLong(c.asked.ip) : askedText(c)}.`,
    ),
    remedy: ttl === undefined ? 'Look for a routing loop.' : words(`Send with a larger TTL than ${ttl}.`),
    step: drop?.i ?? result.atStep,
    ...(drop ? { reason: drop.reason } : {}),
    ...(drop?.culprit ? { culprit: drop.culprit } : {}),
  };
}

export function findUnresolved(c: Case): Finding {
  const what = endName(c.probe.to);
  return {
    sentence: `Unknown name: nothing called ${what} can be found, so no packet was sent.`,
    remedy: `Create ${what}, or choose another destination.`,
    step: null,
  };
}
