import type { ProxyDriver } from '../../contract.ts';

/** A cluster without a service proxy: a Service is then only a name for an address where nobody is. */
export const NO_PROXY: ProxyDriver = {
  id: 'none',
  label: 'No proxy',
  about: 'Nothing turns Service addresses into endpoints. Pods reach pods; a clusterIP leads nowhere.',
  modes: [{ id: 'none', label: 'none', about: 'No service proxy is deployed.' }],
  hasDaemon: false,
  evidence: 'kernel-verified',
  factsFrom: 'kubeadm v1.33 with the addon phase kube-proxy skipped',
  refuses: () => null,
  plan: () => ({ node: {} }),
};
