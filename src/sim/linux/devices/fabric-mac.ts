/** Whose card has an address, as a cloud's network knows it: from configuration alone, whoever asks. */
import type { Ip } from '../../wire/ip.ts';
import type { Mac } from '../../wire/mac.ts';
import type { NetnsConfig, NsId } from '../config.ts';

const HOST_PREFIX = 32;

/** Undefined: it knows no such address, or is no cloud's network. */
export function fabricMac(
  configOf: (ns: NsId) => NetnsConfig | undefined,
  { devices, routes }: NetnsConfig,
  address: Ip,
): Mac | undefined {
  if (!devices.some(({ kind }) => kind === 'fabric')) return undefined;
  const route = routes.find(({ dst }) => dst.prefix === HOST_PREFIX && dst.base === address);
  const port = devices.find(({ name }) => name === route?.dev);
  if (port?.kind !== 'nic') return undefined;
  return configOf(port.peer.ns)?.devices.find(({ name }) => name === port.peer.dev)?.mac;
}
