import type { CniOptions } from '../../contract.ts';
import type { BridgeConfig } from '../../parts/bridge-plugin.ts';
import * as facts from './facts.ts';

export const bridgeConfig = (options: CniOptions): BridgeConfig => ({
  bridge: facts.BRIDGE,
  mtuBytes: options.podMtuBytes ?? facts.POD_MTU_BYTES,
  hairpin: options.hairpin ?? true,
  routes: [],
});
