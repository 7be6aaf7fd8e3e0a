/** Every CNI, every proxy and every load balancer that the person can choose. A new one is a folder and one line here. */
import { must } from '../base/assert.ts';
import type { BpfMapKind } from '../linux/bpf/kind.ts';
import type { BpfPrograms } from '../linux/bpf/program.ts';
import { CLOUD } from './balancer/cloud/driver.ts';
import { METALLB } from './balancer/metallb/driver.ts';
import { NO_BALANCER } from './balancer/none/driver.ts';
import { BRIDGE } from './cni/bridge/driver.ts';
import { CALICO } from './cni/calico/driver.ts';
import { CANAL } from './cni/canal/driver.ts';
import { CILIUM } from './cni/cilium/driver.ts';
import { CLOUD_ROUTES } from './cni/cloud-routes/driver.ts';
import { FLANNEL } from './cni/flannel/driver.ts';
import { KINDNET } from './cni/kindnet/driver.ts';
import { PTP } from './cni/ptp/driver.ts';
import { VPC_ADDRESSES } from './cni/vpc-addresses/driver.ts';
import { WEAVE } from './cni/weave/driver.ts';
import type { BalancerDriver, CniDriver, ProxyDriver } from './contract.ts';
import { KUBE_PROXY } from './proxy/kube-proxy/driver.ts';
import { NO_PROXY } from './proxy/none/driver.ts';

export const CNIS: readonly CniDriver[] = withoutDuplicates('CNI', [
  FLANNEL,
  CALICO,
  CANAL,
  CILIUM,
  KINDNET,
  WEAVE,
  CLOUD_ROUTES,
  VPC_ADDRESSES,
  BRIDGE,
  PTP,
]);
export const PROXIES: readonly ProxyDriver[] = withoutDuplicates('proxy', [KUBE_PROXY, NO_PROXY]);
export const BALANCERS: readonly BalancerDriver[] = withoutDuplicates('balancer', [NO_BALANCER, CLOUD, METALLB]);

/** The code that drivers only name in what they write: programs by id, and how their tools print maps. */
export const BPF_PROGRAMS: BpfPrograms = new Map(
  CNIS.flatMap(({ bpf }) => bpf?.programs ?? []).map((program) => [program.id, program]),
);
export const BPF_MAP_KINDS: readonly BpfMapKind[] = CNIS.flatMap(({ bpf }) => bpf?.maps ?? []);

export function cniById(id: string): CniDriver {
  return must(
    CNIS.find((driver) => driver.id === id),
    `CNI driver "${id}"`,
  );
}

export function proxyById(id: string): ProxyDriver {
  return must(
    PROXIES.find((driver) => driver.id === id),
    `proxy driver "${id}"`,
  );
}

export function balancerById(id: string): BalancerDriver {
  return must(
    BALANCERS.find((driver) => driver.id === id),
    `balancer driver "${id}"`,
  );
}

/** Two drivers, or two modes of one driver, with one name could not be told apart in a saved scenario. */
export function withoutDuplicates<
  D extends { readonly id: string; readonly modes: readonly { readonly id: string }[] },
>(what: string, drivers: readonly D[]): readonly D[] {
  const seen = new Set<string>();
  for (const name of drivers.flatMap(({ id, modes }) => [id, ...modes.map((mode) => `${id}/${mode.id}`)])) {
    if (seen.has(name)) throw new Error(`Broken invariant: two ${what} drivers are called "${name}"`);
    seen.add(name);
  }
  return drivers;
}
