/** Outcomes that somebody told the program about: too big, TTL used up, unknown name. */
import { askedText, type Case, endName, type Finding } from './verdict-case.ts';

export function findSize(c: Case): Finding {
  const { result, drop, names } = c;
  const mtu = result.mtuBytes === undefined ? '' : ` of ${result.mtuBytes} bytes`;
  const where = drop ? names.ns(drop.ns) : names.ns(c.from);
  const isLocal = result.icmp === undefined;
  const fits = result.mtuBytes === undefined ? 'less' : `at most ${result.mtuBytes} bytes`;
  const base = drop
    ? { step: drop.i, reason: drop.reason, ...(drop.culprit ? { culprit: drop.culprit } : {}) }
    : { step: result.atStep };
  const sentence = isLocal
    ? `Too big: the packet is larger than the MTU${mtu} of ${where}'s own device and may not be cut (DF), so it never left.`
    : `Too big: on ${where} the way on has an MTU${mtu}, the packet may not be cut (DF), so ${where} dropped it and told the sender (ICMP frag-needed).`;
  return { ...base, sentence, remedy: `Send ${fits}, or allow fragments (no DF).` };
}

export function findTtl(c: Case): Finding {
  const { drop, names, result } = c;
  const place = drop ? names.ns(drop.ns) : 'a router';
  const ttl = c.probe.options?.ttl;
  const from = result.errorFrom === undefined ? '' : `, which answered as ${result.errorFrom}`;
  const start = ttl === undefined ? '' : ` that began with ${ttl}`;
  return {
    sentence: `TTL used up: the TTL${start} reached its end on ${place}${from}, before the packet got to ${askedText(c)}.`,
    remedy: ttl === undefined ? 'Look for a routing loop.' : `Send with a larger TTL than ${ttl}.`,
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
