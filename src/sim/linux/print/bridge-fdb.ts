import type { FdbEntry } from '../config.ts';

/**
 * One line of `bridge fdb`: `MAC dev flannel.1 dst IP self permanent` for a tunnel, `MAC dev PORT master BRIDGE` for a bridge, which is
 * `static` when somebody wrote it and bare when a frame taught it.
 */
export function printFdbEntry(entry: FdbEntry, learned = false): string {
  const { mac, dev, dst, port } = entry;
  if (port !== undefined) return `${mac} dev ${port} master ${dev}${learned ? '' : ' static'}`;
  const remote = dst === undefined ? '' : ` dst ${dst}`;
  return `${mac} dev ${dev}${remote} self${learned ? '' : ' permanent'}`;
}
