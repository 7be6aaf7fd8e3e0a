/** Clusters with IPv6: the paths of `delivery.test.ts` once more, over IPv6, with every CNI that has it and beside every proxy. */
import { describe, expect, it } from 'vitest';
import { DUAL, inSix, withSix } from '../../sim/drivers/conformance/dual-cluster.ts';
import { LAB, readdressed } from '../../sim/drivers/conformance/lab-cluster.ts';
import { CNIS } from '../../sim/drivers/registry.ts';
import { probe, WITH_TUNNELS } from './cni-check.ts';
import { PATHS } from './paths.ts';

/** What does not hold: the very thing that the mode is known for. */
const NOBODY_MASQUERADES = ['the Internet: timeout ETIMEDOUT'];
const TOO_MUCH_MASQUERADED = [
  'pod on another node: seen as fd00:192:168:56::11',
  'ping to another node: seen as fd00:192:168:56::11',
  'Service, endpoint on another node: seen as fd00:192:168:56::11',
];
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'bridge/masq-off': NOBODY_MASQUERADES,
  'ptp/masq-off': NOBODY_MASQUERADES,
  'bridge/masq-on': TOO_MUCH_MASQUERADED,
  'ptp/masq-on': TOO_MUCH_MASQUERADED,
};

const CLUSTERS = [
  ['dual stack, IPv4 first', 'second'],
  ['dual stack, IPv6 first', 'first'],
  ['IPv6 alone', 'only'],
] as const;

const choices = CNIS.flatMap((cni) =>
  cni.modes.flatMap((mode) =>
    CLUSTERS.flatMap(([about, role], nth) => {
      const cluster = withSix(cni.id === 'calico' ? WITH_TUNNELS : LAB, role);
      const families = (cluster.podCIDRs ?? [cluster.podCIDR]).map(({ family }) => family);
      if (cni.refusesFamilies?.(families, mode.id)) return [];
      const proxies = nth === 0 ? ['iptables', 'nftables', 'ipvs'] : ['nftables'];
      return proxies.map((proxy) => ({ cni: cni.id, mode: mode.id, proxy, about, cluster }));
    }),
  ),
);

/** What the receiver does not get, or gets from the wrong sender. */
function wrong(paths: typeof PATHS, setting: (typeof choices)[number]): readonly string[] {
  const { cni, mode, proxy } = setting;
  const cluster = readdressed(setting.cluster, undefined);
  return paths.flatMap(([path, text, source]) => {
    const { outcome, arrival } = probe(text, { cni, mode, proxy, cluster });
    const from = arrival?.split(' ')[0] ?? 'nobody';
    if (outcome !== 'connected' && outcome !== 'reply') return [`${path}: ${outcome}`];
    return source === null || from === source ? [] : [`${path}: seen as ${from}`];
  });
}

const SIX = PATHS.map(([path, text, source]) => [path, inSix(text), source && inSix(source)] as const);

/** Of Calico only the pool of IPv4 has natOutgoing (calico.yaml). */
const knownOverSix = ({ cni, mode }: (typeof choices)[number]): readonly string[] =>
  cni === 'calico' ? NOBODY_MASQUERADES : (KNOWN[`${cni}/${mode}`] ?? []);

describe('what must arrive over IPv6', () => {
  it.each(choices)('$cni/$mode beside $proxy, $about', (choice) => {
    expect(wrong(SIX, choice)).toEqual(knownOverSix(choice));
  });
});

describe('what arrives over IPv4 beside it', () => {
  const both = choices.filter(({ cluster }) => cluster.podCIDRs !== undefined);
  it.each(both)('$cni/$mode beside $proxy, $about', (choice) => {
    const known = (KNOWN[`${choice.cni}/${choice.mode}`] ?? []).map((text) =>
      text.replace('fd00:192:168:56::', '192.168.56.'),
    );
    expect(wrong(PATHS, choice)).toEqual(known);
  });
});

describe('what is refused over IPv6, or lost', () => {
  // As over IPv4 (proxies.test.ts).
  it.each([
    [
      'no endpoints',
      'tool-1 tcp 10.96.0.40:80',
      'refused ECONNREFUSED',
      'refused ECONNREFUSED',
      'refused ECONNREFUSED',
    ],
    [
      'a port that the Service does not have',
      'tool-1 tcp 10.96.0.30:81',
      'timeout ETIMEDOUT',
      'refused ECONNREFUSED',
      'refused ECONNREFUSED',
    ],
    ['ping a ClusterIP', 'tool-1 icmp 10.96.0.30', 'timeout ETIMEDOUT', 'refused ECONNREFUSED', 'refused ECONNREFUSED'],
    // Unlike IPv4: no mode serves node ports of ::1.
    [
      'a node port on loopback',
      'node-2 tcp [::1]:30082',
      'refused ECONNREFUSED',
      'refused ECONNREFUSED',
      'refused ECONNREFUSED',
    ],
  ])('%s', (_name, text, ...outcomes) => {
    const proxies = ['iptables', 'nftables', 'ipvs'];
    const seen = proxies.map(
      (proxy) => probe(inSix(text), { cni: 'flannel', mode: 'vxlan', proxy, cluster: DUAL }).outcome,
    );
    expect(seen).toEqual(outcomes);
  });
});

it('Flannel gives pods an MTU that its own tunnel over IPv6 does not have: the node says so', () => {
  const big = (sizeBytes: number) =>
    probe(inSix('tool-1 icmp 10.244.2.2'), {
      cni: 'flannel',
      mode: 'vxlan',
      proxy: 'none',
      cluster: DUAL,
      options: { sizeBytes },
    });
  expect(big(1430 - 48)).toMatchObject({ outcome: 'reply' });
  expect(big(1450 - 48)).toMatchObject({ outcome: expect.stringContaining('EMSGSIZE'), wire: null });
});
