/** Every CNI in every mode, beside every proxy that it can stand beside: what must arrive arrives, from whom Kubernetes promises. */
import { describe, expect, it } from 'vitest';
import { CNIS } from '../../sim/drivers/registry.ts';
import { labOf, probe } from './cni-check.ts';

/** The path, and the pod whose own address the receiver must see (null: whoever). */
const PATHS: readonly (readonly [path: string, text: string, source: string | null])[] = [
  ['pod on the same node', 'tool-2 tcp 10.244.2.2:8080', '10.244.2.3'],
  ['pod on another node', 'tool-1 tcp 10.244.2.2:8080', '10.244.1.3'],
  ['ping to another node', 'tool-1 icmp 10.244.2.2', '10.244.1.3'],
  ['Service, endpoint on another node', 'tool-1 tcp 10.96.0.20:80', '10.244.1.3'],
  ['Service that leads to the caller', 'web-1 tcp 10.96.0.30:80', null],
  ['node to a pod of its own', 'node-1 tcp 10.244.1.2:8080', null],
  ['node to a pod of another', 'node-1 tcp 10.244.2.2:8080', null],
  ['pod to its own node', 'tool-1 icmp 192.168.56.11', '10.244.1.3'],
  ['NodePort on the node of the pod', 'client tcp 192.168.56.11:30082', null],
  ['NodePort on another node', 'client tcp 192.168.56.12:30082', null],
  ['NodePort with policy Local', 'client tcp 192.168.56.12:30081', '192.168.56.100'],
  ['the Internet', 'tool-1 tcp 203.0.113.10:80', null],
];

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
