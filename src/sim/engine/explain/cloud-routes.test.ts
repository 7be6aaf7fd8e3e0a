/** Where the network between the nodes is a cloud's: what is said of a packet that no node has a route for. */
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
import { LAB, readdressed } from '../../drivers/conformance/lab-cluster.ts';
import { cniById } from '../../drivers/registry.ts';
import { traceProbe } from '../converse.ts';
import { UNDERLAY } from '../world.ts';
import { explain } from './explain.ts';
import { at, labWorld, pod, tcp } from './lab-world.ts';

const world = labWorld({ cni: 'cloud-routes' });
const trace = traceProbe(world, tcp(pod('tool-1'), at('10.244.2.2'), 8080));
const routes = trace.steps.filter((step) => step.kind === 'route' && step.packet === trace.packets[0]?.id);
const told = (ns: string) =>
  explain(
    trace,
    world,
    must(
      routes.find((step) => step.ns === ns),
      `a route of ${ns}`,
    ).i,
  );

describe('cloud routes', () => {
  it('are looked at by nobody on the node: it takes its default route', () => {
    expect(told('node-1').sentence).toMatch(
      /takes the default route .* There is no better route to this pod here: the cloud's network has one\.$/,
    );
  });

  it('are in a table of the network between, which keeps the TTL', () => {
    const { title, sentence, place, evidence } = told(UNDERLAY);
    expect([title, place.label]).toEqual(['Cloud route: to node-2', "Node network (the cloud's)"]);
    expect(sentence).toContain('10.244.2.0/24 leads to 192.168.56.12 (node-2)');
    expect(evidence[0]).toMatchObject({ title: "The cloud's route table", origin: { for: 'Node node-2' } });
    expect(trace.steps.filter(({ ns, kind }) => ns === UNDERLAY && kind === 'ttl')).toEqual([]);
  });
});

describe('VPC addresses', () => {
  const cluster = readdressed(LAB, cniById('vpc-addresses').ipam?.('secondary-ips'));
  const [from, to] = ['tool-1', 'web-2'].map((name) =>
    must(
      cluster.pods.find((one) => one.name === name),
      name,
    ),
  );
  const far = must(to, 'web-2').ip;
  const probe = tcp(pod(must(from, 'tool-1').name), at(far), 8080);
  const texts = (cold?: true): { readonly ns: string; readonly kind: string; readonly sentence: string }[] => {
    const vpc = labWorld({ cni: 'vpc-addresses', cluster, ...(cold && { cold }) });
    const told = traceProbe(vpc, probe);
    expect(told.verdict.good).toBe(true);
    return told.steps.map(({ ns, kind, i }) => ({ ns, kind, sentence: explain(told, vpc, i).sentence }));
  };
  const first = (all: ReturnType<typeof texts>, ns: string, kind: string): string =>
    must(
      all.find((one) => one.ns === ns && one.kind === kind),
      `${kind} of ${ns}`,
    ).sentence;

  it('are neighbours of every node, and the network knows the card of each', () => {
    const all = texts();
    expect(first(all, 'node-1', 'route')).toContain(`${far} (web-2) is on a network that node-1 is part of (eth0)`);
    expect(first(all, 'node-1', 'neighbour')).toContain("the cloud's network answered, with the MAC address");
    expect(first(all, UNDERLAY, 'route')).toContain('one of the card of 192.168.56.12 (node-2)');
    expect(first(all, 'node-2', 'neighbour')).not.toContain('cloud');
  });

  it('are asked for by ARP, and the network answers in the place of the card, so that no other machine hears it', () => {
    const all = texts(true);
    expect(first(all, UNDERLAY, 'deliver')).toContain('nobody else hears the question');
    expect(first(all, UNDERLAY, 'send')).toContain("answers in its place, with that card's MAC address");
    expect(all.filter(({ ns, kind }) => ns === 'node-3' && kind === 'dev')).toEqual([]);
  });
});
