/** Policies of a CNI's own kinds: offered only where somebody reads them. */
import type { CiliumNetworkPolicyObject, CiliumRule } from '../../sim/kube/cilium-policy-objects.ts';
import { asName, nameOf, selectorOf, type TemplateGround } from './templates.ts';

export interface OwnTemplate {
  readonly id: string;
  readonly label: string;
  /** One sentence: what it does. */
  readonly about: string;
  make(ground: TemplateGround): CiliumNetworkPolicyObject;
}

const policy = (namespace: string, name: string, spec: CiliumRule): CiliumNetworkPolicyObject => ({
  kind: 'CiliumNetworkPolicy',
  namespace,
  name: asName(name),
  spec,
});

export const OWN_TEMPLATES: readonly OwnTemplate[] = [
  {
    id: 'requests',
    label: 'Only some requests',
    about: 'Pods of the namespace may GET what is under /public; a proxy answers everything else with 403.',
    make: ({ server, port }) =>
      policy(server.namespace, `public-only-${nameOf(server)}`, {
        endpointSelector: selectorOf(server),
        ingress: [
          {
            fromEndpoints: [{}],
            toPorts: [
              {
                ports: [{ port: String(port), protocol: 'TCP' }],
                rules: { http: [{ method: 'GET', path: '/public.*' }] },
              },
            ],
          },
        ],
      }),
  },
  {
    id: 'names',
    label: 'Only some names outside',
    about: 'The pod may ask kube-dns, and reach what it learned for example.com; every other address stays closed.',
    make: ({ client }) =>
      policy(client.namespace, `names-for-${nameOf(client)}`, {
        endpointSelector: selectorOf(client),
        egress: [
          {
            toEndpoints: [
              { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s:k8s-app': 'kube-dns' } },
            ],
            toPorts: [{ ports: [{ port: '53' }], rules: { dns: [{ matchPattern: '*' }] } }],
          },
          { toFQDNs: [{ matchName: 'example.com' }] },
        ],
      }),
  },
];
