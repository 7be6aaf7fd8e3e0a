import { expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { viewsOf } from './node-view.ts';

const node = must(LAB.nodes[0], 'node-1');
const detectLocal = { mode: 'ClusterCIDR' } as const;

it('knows pods by the cluster CIDR, and where nobody told it one, it does not know them', () => {
  expect(viewsOf(LAB, node, { detectLocal })[0]?.detector).toEqual({ kind: 'cidr', cidr: LAB.podCIDR });
  expect(viewsOf({ ...LAB, noClusterCIDR: true }, node, { detectLocal })[0]?.detector).toBeNull();
});
