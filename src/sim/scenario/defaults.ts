import { DEFAULT_OBJECTS } from '../kube/default-objects.ts';
import type { Scenario, ScenarioState } from './scenario.ts';

/**
 * A scenario without events. Never change a value: saved scenarios leave out what equals it. What a first visit shows is
 * DEFAULT_SCENARIO, which may change.
 */
export const BASE_STATE: ScenarioState = {
  nodes: 3,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
  objects: [],
  cni: { id: 'flannel', mode: 'vxlan' },
  proxy: { id: 'kube-proxy', mode: 'iptables' },
  balancer: { id: 'none', mode: 'none' },
  faults: [],
  probe: null,
  seed: 1,
};

/** What a first visit shows: a pod calls a Service by its name, and an endpoint on another node answers. */
export const DEFAULT_SCENARIO: Scenario = {
  events: [
    { type: 'ManifestsApplied', objects: DEFAULT_OBJECTS, replace: true },
    {
      type: 'ProbeSet',
      probe: {
        from: { kind: 'pod', ref: 'default/toolbox' },
        to: { kind: 'service', ref: 'default/web', via: 'name' },
        proto: 'tcp',
        port: 80,
      },
    },
    // The draw that falls on an endpoint of another node, so that the first packet goes through a tunnel.
    { type: 'SeedSet', seed: 5 },
  ],
};
