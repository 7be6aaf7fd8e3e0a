import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { LAB, readdressed } from '../../conformance/lab-cluster.ts';
import { CALICO } from './driver.ts';

/** Lines of a command on node-1, without padding. */
function printed(mode: string, command: string): string[] {
  const cluster = readdressed(LAB, CALICO.ipam?.(mode));
  const outputs = CALICO.tools?.(cluster, must(cluster.nodes[0], 'node-1'), mode) ?? [];
  const { lines } = must(
    outputs.find((output) => output.command === command),
    command,
  );
  return lines.map((line) => line.replace(/ +/g, ' ').trim());
}

describe("Calico's own tools", () => {
  it.each(['bgp', 'ipip', 'ipip-crosssubnet'])('%s: a session with each other node', (mode) => {
    const rows = printed(mode, 'calicoctl node status').filter((line) => line.includes('mesh'));
    expect(rows).toEqual([
      '| 192.168.56.12 | node-to-node mesh | up | | Established |',
      '| 192.168.56.13 | node-to-node mesh | up | | Established |',
    ]);
  });

  it('says which peer announced each block', () => {
    const lines = printed('ipip', 'birdcl show route');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^10\.244\.\d+\.\d+\/26 blackhole \[static1\] \* \(200\)$/);
    expect(lines[1]).toMatch(
      /^10\.244\S+\/26 via 192\.168\.56\.12 on eth0 \[Mesh_192_168_56_12\] \* \(100\/0\) \[i\]$/,
    );
  });

  it('VXLAN alone runs no BGP', () => {
    expect(printed('vxlan', 'calicoctl node status').at(-1)).toBe('The BGP backend process (BIRD) is not running.');
  });

  it('counts the addresses of blocks, the tunnel’s too', () => {
    const rows = (mode: string): string[] =>
      printed(mode, 'calicoctl ipam show --show-blocks').filter((line) => line.startsWith('| Block'));
    expect(rows('bgp').map((row) => row.split(' | ')[3])).toEqual(['2 (3%)', '3 (5%)', '4 (6%)']);
    expect(rows('vxlan').map((row) => row.split(' | ')[3])).toEqual(['3 (5%)', '4 (6%)', '5 (8%)']);
  });
});
