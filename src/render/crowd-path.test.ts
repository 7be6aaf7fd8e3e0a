import { describe, expect, it } from 'vitest';
import { crowdPathIn } from './crowd-path.ts';
import { layoutPicture } from './layout.ts';
import { makeUpTrace } from './made-up-trace.ts';
import { makeUpWorld } from './made-up-world.ts';
import { makePicture } from './picture.ts';
import { idOf } from './picture-id.ts';
import { pointOf } from './plot.ts';

const layout = layoutPicture(makePicture(makeUpWorld({ nodes: 3, pods: 2, shape: 'overlay' })));
const find = crowdPathIn(layout);
const { steps } = makeUpTrace();

describe('the way of a crowd', () => {
  it('is that of the packets: through the tunnel devices, gate by gate', () => {
    const way = find({ steps });
    for (const id of [
      pointOf.place('node-1', 'tunnel flannel.1'),
      pointOf.hook('node-1', 'OUTPUT', 'ip'),
      pointOf.place('node-2', 'tunnel flannel.1'),
    ])
      expect(way).toContainEqual(layout.net.at(id));
    expect(way.at(-1)).toEqual(layout.net.at(pointOf.place(steps.at(-1)!.ns, 'process')));
  });

  it('needs only the steps at which a packet moves', () => {
    const moving = steps.filter(({ kind }) => kind !== 'rule' && kind !== 'conntrack');
    expect(moving.length).toBeLessThan(steps.length);
    expect([...new Set(find({ steps: moving }))]).toEqual([...new Set(find({ steps }))]);
  });

  it('is the shortest one between two boxes where no packet is told of, and none to nowhere', () => {
    const [from, to] = [steps[0]!.ns, steps.at(-1)!.ns].map((ns) => idOf({ kind: 'ns', ns }));
    expect(find({ from: from!, to: to! }).length).toBeGreaterThan(2);
    expect(find({ from: from!, to: idOf({ kind: 'ns', ns: 'gone' }) })).toEqual([]);
    expect(find({ steps: [] })).toEqual([]);
  });
});
