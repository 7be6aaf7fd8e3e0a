import type { Cluster, ExternalHost } from '../../../kube/cluster.ts';
import type { LoadBalancerController } from '../../../kube/load-balancers.ts';
import type { Address } from '../../../linux/config.ts';
import { cidrNth } from '../../../wire/ip.ts';
import type { BalancerDriver, Fragment, NodesSeen } from '../../contract.ts';
import { BALANCER, CONTROLLER, MACHINE, POOL } from './facts.ts';
import { healthTools, isBalanced, rotationSentence } from './health.ts';
import { nodePorts } from './node-ports.ts';
import { passthrough } from './passthrough.ts';

/** The balancer of a cloud: a machine outside the nodes, which asks them whether they are well. */
export const CLOUD: BalancerDriver = {
  id: 'cloud',
  label: 'Cloud',
  about: 'A load balancer of the cloud, made by its controller: it checks the nodes and sends to those that are well.',
  modes: [
    {
      id: 'passthrough',
      label: 'passthrough',
      about:
        'ipMode VIP: a node gets the packet as the client sent it and answers the client itself, as with Google Cloud and Azure.',
    },
    {
      id: 'proxy',
      label: 'to node ports',
      about:
        "ipMode Proxy: the balancer makes its own connection to a node port, so the node sees the balancer's address.",
    },
  ],
  evidence: 'modelled',
  factsFrom: 'k8s.io/cloud-provider v0.34, cloud-provider-gcp and AWS documents of 2026',
  refuses: (cluster, mode) => (mode === 'passthrough' && cluster.router ? ONE_SEGMENT : null),
  controller: controllerOf,
  outside,
  tools: (cluster, machine, _mode, { ask }) => (machine === MACHINE ? healthTools(cluster, ask) : []),
  tells: (cluster, service, _mode, { ask }) => rotationSentence(cluster, service, ask),
};

const ONE_SEGMENT =
  'passthrough hands frames to nodes on its own segment, and here a router stands before some of them. Choose one node subnet, or to node ports.';

function controllerOf(mode: string): LoadBalancerController {
  return {
    by: CONTROLLER,
    ipMode: mode === 'proxy' ? 'Proxy' : 'VIP',
    machine: MACHINE,
    needsNodePorts: mode === 'proxy',
    // Neither the network's own address nor its last one.
    pool: () => ({ first: cidrNth(POOL, 1), last: cidrNth(POOL, -2), text: POOL.text, net: POOL }),
    // cloud-provider-gcp, gce_loadbalancer_external.go.
    refusesAddress: (asked, why) =>
      why === 'taken'
        ? `the address ${asked} belongs to another load balancer`
        : `requested ip "${asked}" is neither static nor assigned to the LB`,
  };
}

function outside(cluster: Cluster, host: ExternalHost, mode: string, { ask }: NodesSeen): Fragment {
  if (!host.isBalancer) return {};
  const addresses = cluster.services.filter(isBalanced).flatMap(({ namespace, name, loadBalancerIPs }) =>
    loadBalancerIPs.map(
      (ip): Address => ({
        dev: 'lo',
        ip,
        prefix: 32,
        scope: 'global',
        origin: { by: BALANCER, for: `Service ${namespace}/${name}`, why: 'the address of this load balancer' },
      }),
    ),
  );
  return { addresses, ...(mode === 'proxy' ? nodePorts(cluster, ask) : passthrough(cluster, ask)) };
}
