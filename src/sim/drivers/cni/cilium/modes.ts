/**
 * The modes of Cilium that a person can choose. What belongs together is chosen together: eBPF masquerading needs the node port code of
 * kube-proxy replacement, and BPF host routing needs both (pkg/option, daemon/cmd/kube_proxy_replacement.go).
 */
import { must } from '../../../base/assert.ts';
import type { DriverMode } from '../../contract.ts';

export interface CiliumSettings {
  readonly routing: 'vxlan' | 'geneve' | 'native';
  readonly kubeProxyReplacement: boolean;
  readonly bpfMasquerade: boolean;
  readonly bpfHostRouting: boolean;
  readonly endpointRoutes: boolean;
}

interface CiliumMode extends DriverMode {
  readonly settings: CiliumSettings;
}

const ROUTINGS = [
  {
    routing: 'vxlan',
    label: 'VXLAN',
    about:
      'Packets between nodes travel in one VXLAN device, UDP port 8472; its network number is the identity of the sender.',
  },
  {
    routing: 'geneve',
    label: 'Geneve',
    about:
      'Packets between nodes travel in one Geneve device, UDP port 6081; its network number is the identity of the sender.',
  },
  {
    routing: 'native',
    label: 'native routing',
    about:
      'Packets between nodes travel as they are, by a route to each node: all nodes must share one Ethernet segment.',
  },
] as const;

const OFF = { kubeProxyReplacement: false, bpfMasquerade: false, bpfHostRouting: false, endpointRoutes: false };
const KPR = { ...OFF, kubeProxyReplacement: true };

/** Suffix, label and sentence of what varies within a routing. */
const VARIANTS = [
  {
    suffix: '',
    label: '',
    about: 'The defaults: kube-proxy stays, iptables masquerades, the node routes in its IP stack.',
    settings: OFF,
  },
  {
    suffix: '-kpr',
    label: 'no kube-proxy',
    about: 'kube-proxy is replaced: Services are translated when a socket connects, and in eBPF for clients outside.',
    settings: KPR,
  },
  {
    suffix: '-kpr-masq',
    label: 'no kube-proxy, eBPF masquerade, legacy host routing',
    about: 'kube-proxy is replaced and eBPF masquerades, but pod traffic still passes the IP stack of the node.',
    settings: { ...KPR, bpfMasquerade: true },
  },
  {
    suffix: '-ebpf',
    label: 'all in eBPF',
    about:
      'kube-proxy replaced, eBPF masquerade and BPF host routing: pod traffic passes no iptables rule and no conntrack.',
    settings: { ...KPR, bpfMasquerade: true, bpfHostRouting: true },
  },
] as const;

const ENDPOINT_ROUTES: CiliumMode = {
  id: 'native-endpoint-routes',
  label: 'native routing, endpoint routes',
  variantOf: 'native',
  about: 'As native routing by default, with a route for every pod: the detour by cilium_host is gone.',
  settings: { routing: 'native', ...OFF, endpointRoutes: true },
};

const MODES: readonly CiliumMode[] = [
  ...ROUTINGS.flatMap(({ routing, label, about }) =>
    VARIANTS.map(
      (variant): CiliumMode => ({
        id: `${routing}${variant.suffix}`,
        label: variant.label === '' ? label : `${label}, ${variant.label}`,
        about: `${about} ${variant.about}`,
        ...(variant.suffix === '' ? {} : { variantOf: routing }),
        settings: { routing, ...variant.settings },
      }),
    ),
  ),
  ENDPOINT_ROUTES,
];

export const CILIUM_MODES: readonly DriverMode[] = MODES.map(({ settings: _settings, ...mode }) => mode);

export function settingsOf(mode: string): CiliumSettings {
  return must(
    MODES.find(({ id }) => id === mode),
    `Cilium mode "${mode}"`,
  ).settings;
}
