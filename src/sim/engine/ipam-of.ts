import type { CniDriver } from '../drivers/contract.ts';
import { hostLocal, type MakeIpam } from '../kube/ipam.ts';

/** Who gives addresses with a CNI. What was seen before the CNI was switched may have families that it does not know. */
export function ipamOf(cni: CniDriver, mode: string): MakeIpam | undefined {
  const make = cni.ipam?.(mode);
  if (!make) return undefined;
  const knows = (family: 4 | 6): boolean => (cni.refusesFamilies?.([family], mode) ?? null) === null;
  return (input) => (knows(input.podCIDR.family) ? make(input) : hostLocal(input));
}
