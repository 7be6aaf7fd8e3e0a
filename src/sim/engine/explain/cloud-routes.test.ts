/** Where the network between the nodes is a cloud's: what is said of a packet that no node has a route for. */
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
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
