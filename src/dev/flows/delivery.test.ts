/** Every CNI in every mode, beside every proxy that it can stand beside: what must arrive arrives, from whom Kubernetes promises. */
import { describe, expect, it } from 'vitest';
import { CNIS } from '../../sim/drivers/registry.ts';
import { labOf, probe } from './cni-check.ts';
import { PATHS } from './paths.ts';

/** Without ipMasq nobody masquerades, and no answer finds back from the Internet. */
const NOBODY_MASQUERADES = ['the Internet: timeout ETIMEDOUT'];
/** With it, the node's address is seen instead of the pod's: what Kubernetes forbids. */
const TOO_MUCH_MASQUERADED = [
  'pod on another node: seen as 192.168.56.11',
  'ping to another node: seen as 192.168.56.11',
  'Service, endpoint on another node: seen as 192.168.56.11',
];

/** What does not hold: the very thing that the mode is known for. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'bridge/masq-off': NOBODY_MASQUERADES,
  'ptp/masq-off': NOBODY_MASQUERADES,
  'bridge/masq-on': TOO_MUCH_MASQUERADED,
  'ptp/masq-on': TOO_MUCH_MASQUERADED,
};

const choices = CNIS.flatMap((cni) =>
  cni.modes.flatMap((mode) => {
    const proxies = cni.replacesProxy?.(mode.id) ? ['none'] : ['iptables', 'nftables', 'ipvs'];
    return proxies.map((proxy) => ({ cni: cni.id, mode: mode.id, proxy }));
  }),
);

describe('what must arrive', () => {
  it.each(choices)('$cni/$mode beside $proxy', ({ cni, mode, proxy }) => {
    const { cluster, there } = labOf(cni, mode);
    const wrong = PATHS.flatMap(([path, text, source]) => {
      const { outcome, arrival } = probe(there(text), { cni, mode, proxy, cluster });
      const from = arrival?.split(' ')[0] ?? 'nobody';
      if (outcome !== 'connected' && outcome !== 'reply') return [`${path}: ${outcome}`];
      return source === null || from === there(source) ? [] : [`${path}: seen as ${from}`];
    });
    expect(wrong).toEqual(KNOWN[`${cni}/${mode}`] ?? []);
  });
});
