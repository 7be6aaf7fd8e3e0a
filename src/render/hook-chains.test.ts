import { expect, it } from 'vitest';
import { buildWorld } from '../sim/engine/build-world.ts';
import { DEFAULT_SCENARIO } from '../sim/scenario/defaults.ts';
import { foldScenario } from '../sim/scenario/fold.ts';
import { hookChains } from './hook-chains.ts';

const listed = (mode: string): readonly string[] => {
  const built = buildWorld({ ...foldScenario(DEFAULT_SCENARIO), proxy: { id: 'kube-proxy', mode } });
  const config = built.ok ? built.value.namespaces.get('node-1') : undefined;
  return config ? hookChains(config, 'PREROUTING') : [];
};

it('lists what iptables and nftables call at a hook', () => {
  expect(listed('iptables')).toEqual(['nat KUBE-SERVICES']);
  expect(listed('nftables')).toContainEqual('nft nat-prerouting');
});
