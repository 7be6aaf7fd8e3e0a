import type { BalancerDriver } from '../../contract.ts';

/** A cluster as kubeadm makes it: Services of type LoadBalancer get their node ports, and wait for an address for ever. */
export const NO_BALANCER: BalancerDriver = {
  id: 'none',
  label: 'No load balancer',
  about: 'Nobody gives Services of type LoadBalancer an address: EXTERNAL-IP stays <pending>. Their node ports work.',
  modes: [{ id: 'none', label: 'none', about: 'No cloud, and no announcer was installed: a bare cluster of kubeadm.' }],
  evidence: 'modelled',
  factsFrom: 'kubeadm v1.34',
  refuses: () => null,
  controller: () => null,
};
