/** What `hubble observe` prints of a conversation: every line from source, none recorded. */
import { describe, expect, it } from 'vitest';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import { flowLinesOf } from '../../sim/engine/explain/evidence-flows.ts';
import { explain } from '../../sim/engine/explain/explain.ts';
import { toolOutputs } from '../../sim/engine/tool-outputs.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import type { Probe } from '../../sim/scenario/probe.ts';

interface Traced {
  readonly world: World;
  readonly trace: Trace;
}

/** By address, so that nothing is looked up. */
const WEB = { kind: 'service', ref: 'default/web', via: 'clusterIP' } as const;

/** The default probe: a pod asks a clusterIP, and a pod on another node serves. */
function traced(mode: string, proxy: string, change: Partial<Probe> = {}): Traced {
  const folded = foldScenario(DEFAULT_SCENARIO);
  const id = proxy === 'none' ? 'none' : 'kube-proxy';
  const built = buildWorld({ ...folded, cni: { id: 'cilium', mode }, proxy: { id, mode: proxy } });
  if (!built.ok || !folded.probe) throw new Error('the default scenario has a world and a probe');
  const world = built.value;
  return { world, trace: traceProbe(world, { ...folded.probe, to: WEB, ...change }) };
}

/** Without time, numbers and random names. */
const plain = (text: string): string =>
  text
    .replace(/^.*?: /, '')
    .replaceAll(/ID:\d+/g, 'ID')
    .replaceAll(/web-\w+-\w+/g, 'web-x')
    .replaceAll(/(toolbox):\d+/g, '$1:p');

const linesOf = ({ trace, world }: Traced): readonly string[] =>
  flowLinesOf(trace, world).map(({ text }) => plain(text));

const CLIENT = 'default/toolbox:p (ID)';
const BACKEND = 'default/web-x:8080 (ID)';
const SYN = 'FORWARDED (TCP Flags: SYN)';
const SYN_ACK = 'FORWARDED (TCP Flags: SYN, ACK)';

describe('the flow log', () => {
  it.each([
    [
      'vxlan',
      'iptables',
      [
        `${CLIENT} -> ${BACKEND} to-overlay ${SYN}`,
        `${CLIENT} -> ${BACKEND} to-endpoint ${SYN}`,
        `${CLIENT} <- ${BACKEND} to-overlay ${SYN_ACK}`,
        `${CLIENT} <- default/web:80 (ID) to-endpoint ${SYN_ACK}`,
      ],
    ],
    [
      'native-ebpf',
      'none',
      [
        'default/toolbox (ID) <> default/web:80 (world) pre-xlate-fwd TRACED (TCP)',
        `default/toolbox (ID) <> ${BACKEND} post-xlate-fwd TRANSLATED (TCP)`,
        `${CLIENT} -> ${BACKEND} to-network ${SYN}`,
        `${CLIENT} -> ${BACKEND} to-endpoint ${SYN}`,
      ],
    ],
    ['native', 'iptables', [`${CLIENT} -> ${BACKEND} to-stack ${SYN}`, `${CLIENT} -> ${BACKEND} to-endpoint ${SYN}`]],
  ])('begins as it should: %s with %s', (mode, proxy, expected) => {
    expect(linesOf(traced(mode, proxy)).slice(0, expected.length)).toEqual(expected);
  });

  it('tells each flag of a connection once in each direction and place', () => {
    const lines = linesOf(traced('vxlan', 'iptables'));
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('stands beside the step that it reports', () => {
    const { trace, world } = traced('vxlan-kpr', 'none');
    const lines = flowLinesOf(trace, world);
    for (const step of new Set(lines.map((line) => line.step))) {
      const { evidence } = explain(trace, world, step);
      const own = lines.findLast((line) => line.step === step)?.text;
      const log = evidence.find(({ command }) => command === 'hubble observe');
      expect(log?.lines[log.highlight ?? -1]).toBe(own);
    }
  });

  it('is not kept by a CNI that has none', () => {
    const folded = foldScenario(DEFAULT_SCENARIO);
    const built = buildWorld(folded);
    if (!built.ok || !folded.probe) throw new Error('the default scenario has a world and a probe');
    expect(flowLinesOf(traceProbe(built.value, folded.probe), built.value)).toEqual([]);
  });
});

it('knows no endpoint of a pod on the host network', () => {
  const folded = foldScenario(DEFAULT_SCENARIO);
  const objects = folded.objects.map((object) =>
    object.kind === 'Pod' && object.name === 'toolbox' ? { ...object, hostNetwork: true as const } : object,
  );
  const built = buildWorld({ ...folded, objects, cni: { id: 'cilium', mode: 'vxlan' } });
  if (!built.ok || !folded.probe) throw new Error('the default scenario has a world and a probe');
  const world = built.value;
  const pod = world.cluster.pods.find(({ name }) => name === 'toolbox');
  const node = world.cluster.nodes.find(({ name }) => name === pod?.node);
  expect(pod?.hostNetwork).toBe(true);
  const lines = node ? toolOutputs(world, node).flatMap((output) => output.lines) : [];
  expect(lines.some((line) => line.includes('k8s:app=web'))).toBe(true);
  expect(lines.some((line) => line.includes('toolbox') || line.includes(` ${node?.ip} `))).toBe(false);
  const log = flowLinesOf(traceProbe(world, { ...folded.probe, to: WEB }), world).map(({ text }) => plain(text));
  expect(log.some((line) => /^10\.244\.0\.1:\d+ \(remote-node\) -> /.test(line))).toBe(true);
});

it('tells a lookup, too: the address of kube-dns is translated at the socket, and put back in the answer', () => {
  const byName = { kind: 'service', ref: 'default/web', via: 'name' } as const;
  const lines = linesOf(traced('native-ebpf', 'none', { to: byName })).map((line) =>
    line.replaceAll(/coredns-\w+-\w+/g, 'coredns-x'),
  );
  expect(lines.slice(0, 2)).toEqual([
    'default/toolbox (ID) <> kube-system/kube-dns:53 (world) pre-xlate-fwd TRACED (UDP)',
    'default/toolbox (ID) <> kube-system/coredns-x:53 (ID) post-xlate-fwd TRANSLATED (UDP)',
  ]);
  expect(lines.some((line) => /^default\/toolbox:p \(ID\) <- kube-system\/coredns-x:53 .* \(UDP\)$/.test(line))).toBe(
    true,
  );
});

describe('a note says what has no effect', () => {
  it.each([
    ['vxlan', 'iptables', null],
    ['vxlan', 'none', 'NodePorts, external IPs, and clusterIPs that nodes ask for'],
    ['vxlan-kpr', 'none', null],
    ['vxlan-kpr', 'iptables', 'kube-proxy'],
    ['native-ebpf', 'nftables', 'kube-proxy'],
  ])('%s with %s: %s', (mode, proxy, what) => {
    const { notes } = traced(mode, proxy).world;
    expect(notes.find(({ kind }) => kind === 'ignored')?.ref ?? null).toBe(what);
  });
});
