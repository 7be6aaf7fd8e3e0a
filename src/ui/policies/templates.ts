/** Policies that people write again and again, made for the namespaces, labels and ports of the cluster at hand. */
import type { World } from '../../sim/engine/world.ts';
import { type ClusterPod, podNs } from '../../sim/kube/cluster.ts';
import { indexOf } from '../../sim/kube/cluster-index.ts';
import type {
  LabelSelectorObject,
  NetworkPolicyObject,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../sim/kube/policy-objects.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { Ip } from '../../sim/wire/ip.ts';

/** Whom a template is about: the two ends of the packet where they are pods, else the first pods that there are. */
export interface TemplateGround {
  readonly server: TemplatePod;
  readonly client: TemplatePod;
  /** Of the server. */
  readonly port: number;
  readonly namespaces: readonly string[];
}

export interface TemplatePod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Template {
  readonly id: string;
  readonly label: string;
  /** One sentence: what it does. */
  readonly about: string;
  make(ground: TemplateGround): NetworkPolicyObject;
}

const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';
const namespaceIs = (name: string): LabelSelectorObject => ({ matchLabels: { [NAMESPACE_LABEL]: name } });

const policy = (namespace: string, name: string, spec: NetworkPolicySpec): NetworkPolicyObject => ({
  kind: 'NetworkPolicy',
  namespace,
  name,
  spec,
});

/** `app`, or whatever a workload is known by; labels that a controller adds for each pod tell nothing. */
export function selectorOf({ labels }: TemplatePod): LabelSelectorObject {
  const key = ['app', 'app.kubernetes.io/name', 'k8s-app', 'name'].find((one) => labels[one] !== undefined);
  const [first] = Object.entries(labels);
  const chosen = key === undefined ? first : ([key, labels[key] ?? ''] as const);
  return chosen ? { matchLabels: { [chosen[0]]: chosen[1] } } : {};
}

export const nameOf = (pod: TemplatePod): string => Object.values(selectorOf(pod).matchLabels ?? {})[0] ?? 'pods';

export const asName = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-');

export const TEMPLATES: readonly Template[] = [
  {
    id: 'deny-ingress',
    label: 'Default deny: ingress',
    about: 'Nothing may come in to any pod of the namespace, until another policy allows it.',
    make: ({ server: { namespace } }) =>
      policy(namespace, 'default-deny-ingress', { podSelector: {}, policyTypes: ['Ingress'] }),
  },
  {
    id: 'deny-egress',
    label: 'Default deny: egress',
    about: 'Nothing may leave any pod of the namespace. DNS queries cannot, either.',
    make: ({ client: { namespace } }) =>
      policy(namespace, 'default-deny-egress', { podSelector: {}, policyTypes: ['Egress'] }),
  },
  {
    id: 'deny-all',
    label: 'Default deny: all',
    about: 'Nothing may come in to or leave any pod of the namespace.',
    make: ({ server: { namespace } }) =>
      policy(namespace, 'default-deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  },
  {
    id: 'same-namespace',
    label: 'Allow the same namespace',
    about: 'Pods of the namespace may be reached by each other, and by nobody else.',
    make: ({ server: { namespace } }) =>
      policy(namespace, 'allow-same-namespace', {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: {} }] }],
      }),
  },
  {
    id: 'from-namespace',
    label: 'Allow from a namespace',
    about: 'Pods of one other namespace may come in.',
    make: ({ server: { namespace }, client, namespaces }) => {
      const other = client.namespace === namespace ? namespaces.find((name) => name !== namespace) : client.namespace;
      const from = other ?? client.namespace;
      return policy(namespace, `allow-from-${from}`, {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: namespaceIs(from) }] }],
      });
    },
  },
  {
    id: 'dns',
    label: 'Allow DNS',
    about: 'Every pod of the namespace may ask the cluster DNS, over UDP and TCP.',
    make: ({ client: { namespace } }) =>
      policy(namespace, 'allow-dns', {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [
          {
            to: [
              {
                namespaceSelector: namespaceIs('kube-system'),
                podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
              },
            ],
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
        ],
      }),
  },
  {
    id: 'ingress-controller',
    label: 'Allow from the ingress controller',
    about: 'Requests from outside come in through the pods of namespace ingress-nginx.',
    make: ({ server, port }) =>
      policy(server.namespace, `allow-ingress-controller-to-${asName(nameOf(server))}`, {
        podSelector: selectorOf(server),
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [
              {
                namespaceSelector: namespaceIs('ingress-nginx'),
                podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
              },
            ],
            ports: [{ protocol: 'TCP', port }],
          },
        ],
      }),
  },
  {
    id: 'app-to-app',
    label: 'Allow one app to another',
    about: 'Pods of one app may reach one port of another app.',
    make: ({ server, client, port }) => arrowPolicy(server, client, { protocol: 'TCP', port }),
  },
];

/** What an arrow from one end to a pod says: this one may reach that one, on this port. */
export function arrowPolicy(
  server: TemplatePod,
  client: TemplatePod | Ip,
  port: NetworkPolicyPort | null,
): NetworkPolicyObject {
  const name = typeof client === 'string' ? client : nameOf(client);
  const from: NetworkPolicyPeer =
    typeof client === 'string'
      ? { ipBlock: { cidr: `${client}/${client.includes(':') ? 128 : 32}` } }
      : {
          ...(client.namespace === server.namespace ? {} : { namespaceSelector: namespaceIs(client.namespace) }),
          podSelector: selectorOf(client),
        };
  return policy(server.namespace, `allow-${asName(name)}-to-${asName(nameOf(server))}`, {
    podSelector: selectorOf(server),
    policyTypes: ['Ingress'],
    ingress: [{ from: [from], ...(port ? { ports: [port] } : {}) }],
  });
}

const NOBODY: TemplatePod = { namespace: 'default', labels: { app: 'web' } };
const PORT = 8080;

export function templateGround({ cluster }: World, probe: Probe | null): TemplateGround {
  const { pod, service } = indexOf(cluster);
  const to = probe?.to;
  const behind = to?.kind === 'service' ? service(to.ref)?.ports.flatMap(({ endpoints }) => endpoints) : undefined;
  const asked = to?.kind === 'pod' ? pod(to.ref) : pod(behind?.find((one) => one.pod !== undefined)?.pod ?? '');
  const asks = probe?.from.kind === 'pod' ? pod(probe.from.ref) : undefined;
  const others = cluster.pods.filter((one) => !one.hostNetwork);
  const server = asked ?? others.find((one) => one !== asks && one.listens.length > 0) ?? others[0];
  const client = asks ?? others.find((one) => ownerless(one) && one !== server) ?? others.find((one) => one !== server);
  const port = behind?.[0]?.port ?? server?.listens.find(({ proto }) => proto === 'tcp')?.port;
  return {
    server: server ?? NOBODY,
    client: client ?? NOBODY,
    port: port ?? PORT,
    namespaces: [...new Set(cluster.pods.map(({ namespace }) => namespace))],
  };
}

const ownerless = (pod: ClusterPod): boolean => pod.owner === `Pod ${podNs(pod)}`;

/** A name that no policy of the namespace has yet. */
export function freshName<Policy extends Pick<NetworkPolicyObject, 'namespace' | 'name'> & { readonly kind: string }>(
  made: Policy,
  taken: ReadonlySet<string>,
): Policy {
  const isTaken = (name: string): boolean => taken.has(`${made.kind} ${made.namespace}/${name}`);
  if (!isTaken(made.name)) return made;
  let at = 2;
  while (isTaken(`${made.name}-${at}`)) at += 1;
  return { ...made, name: `${made.name}-${at}` };
}
