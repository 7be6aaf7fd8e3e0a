import fc from 'fast-check';
import { expect, it } from 'vitest';
import { layoutPicture } from './layout.ts';
import { type MadeUp, makeUpWorld } from './made-up-world.ts';
import { makePicture } from './picture.ts';
import type { Layout, LayoutBox, Rect } from './plot.ts';

const madeUp: fc.Arbitrary<MadeUp & { pods: readonly number[] }> = fc.integer({ min: 1, max: 12 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    pods: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: nodes, maxLength: nodes }),
    shape: fc.constantFrom('overlay' as const, 'bridge' as const, 'routed' as const),
    services: fc.integer({ min: 0, max: 20 }),
    longNames: fc.boolean(),
    // 0: no router.
    farFrom: fc.integer({ min: 2, max: nodes + 2 }).chain((from) => fc.constantFrom(0, from)),
  }),
);

const focusOf = (made: MadeUp, picks: readonly number[]): Set<string> => {
  const all = makeUpWorld(made).cluster.pods;
  return new Set(picks.flatMap((pick) => (all.length === 0 ? [] : [`default/${all[pick % all.length]!.name}`])));
};

const layoutOf = (made: MadeUp, focus: ReadonlySet<string> = new Set()): Layout =>
  layoutPicture(makePicture(makeUpWorld(made)), { namespaces: focus, services: new Set() });

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const inside = (inner: Rect, outer: Rect): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

it('gives the same picture the same places', () => {
  fc.assert(
    fc.property(madeUp, (made) => {
      const picture = makePicture(makeUpWorld(made));
      const place = () => [...layoutPicture(picture, { namespaces: new Set(), services: new Set() }).boxes];
      expect(place()).toEqual(place());
    }),
    { numRuns: 30 },
  );
});

it('lets no two siblings overlap, and keeps every box in its container', () => {
  fc.assert(
    fc.property(madeUp, fc.array(fc.nat(), { maxLength: 6 }), (made, picks) => {
      const layout = layoutOf(made, focusOf(made, picks));
      const siblings = new Map<string | null, LayoutBox[]>();
      for (const box of layout.boxes.values()) {
        const { parent } = box.element;
        const outer = parent === null ? layout.bounds : layout.boxes.get(parent)!.rect;
        expect(inside(box.rect, outer), `${box.element.id} in ${parent}`).toBe(true);
        siblings.set(parent, [...(siblings.get(parent) ?? []), box]);
      }
      for (const group of siblings.values())
        for (const [i, a] of group.entries())
          for (const b of group.slice(i + 1))
            expect(overlap(a.rect, b.rect), `${a.element.id} and ${b.element.id}`).toBe(false);
    }),
    { numRuns: 60 },
  );
});

it('moves nothing outside the node that a pod is added to', () => {
  fc.assert(
    fc.property(madeUp, fc.nat(), (made, pick) => {
      const grown = pick % made.nodes;
      const before = layoutOf(made);
      const after = layoutOf({ ...made, pods: made.pods.map((count, i) => (i === grown ? count + 1 : count)) });
      expect(after.bounds).toEqual(before.bounds);
      for (const [id, { rect, element }] of before.boxes) {
        if (element.kind === 'pod' || element.kind === 'fold') {
          if (element.parent === `ns:node-${grown + 1}`) continue;
        }
        expect(after.boxes.get(id)?.rect, id).toEqual(rect);
      }
    }),
    { numRuns: 40 },
  );
});

it('shows every pod, or counts it', () => {
  fc.assert(
    fc.property(madeUp, fc.array(fc.nat(), { maxLength: 5 }), (made, picks) => {
      const focus = focusOf(made, picks);
      const layout = layoutOf(made, focus);
      for (const { namespace, name } of makeUpWorld(made).cluster.pods) {
        const id = `ns:${namespace}/${name}`;
        const shown = layout.boxes.get(id);
        expect(shown !== undefined || layout.boxes.has(layout.foldedInto.get(id)!)).toBe(true);
        if (focus.has(`${namespace}/${name}`)) expect(['tall', 'full', 'line']).toContain(shown?.size);
      }
    }),
    { numRuns: 40 },
  );
});

it('draws wires only along the axes', () => {
  fc.assert(
    fc.property(madeUp, (made) => {
      const { net } = layoutOf(made);
      for (const { a, b, kind } of net.wires) {
        if (kind === 'unseen') continue;
        const [p, q] = [net.at(a), net.at(b)];
        expect(p.x === q.x || p.y === q.y, `${a} to ${b}`).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

it('shows a Service that is asked for, and moves only the one whose place it takes', () => {
  const picture = makePicture(makeUpWorld({ nodes: 3, pods: 2, shape: 'overlay', services: 12 }));
  const before = layoutPicture(picture);
  const asked = picture.services.at(-1)!.element.id;
  expect(before.boxes.has(asked)).toBe(false);
  const after = layoutPicture(picture, { namespaces: new Set(), services: new Set([asked]) });
  expect(after.boxes.has(asked)).toBe(true);
  expect(after.boxes.size).toBe(before.boxes.size);
  const gone = [...before.boxes.keys()].filter((id) => !after.boxes.has(id));
  expect(gone).toHaveLength(1);
  expect(after.foldedInto.has(gone[0]!)).toBe(true);
  for (const [id, { rect }] of before.boxes) if (!gone.includes(id)) expect(after.boxes.get(id)?.rect).toEqual(rect);
});

it('places 100 nodes with 1,000 pods', () => {
  const picture = makePicture(makeUpWorld({ nodes: 100, pods: 10, shape: 'overlay' }));
  const layout = layoutPicture(picture);
  expect(layout.boxes.size).toBeGreaterThan(1500);
});

it('cuts the line where the router stands, and leaves the cards where they were', () => {
  const made = { nodes: 3, pods: 2, shape: 'overlay' } as const;
  const [whole, apart] = [layoutOf(made), layoutOf({ ...made, farFrom: 3 })];
  const lines = ({ marks }: Layout) => marks.filter(({ kind }) => kind === 'underlay-line').map(({ rect }) => rect);
  expect(lines(whole)).toHaveLength(1);
  const [near, far] = lines(apart);
  const router = apart.boxes.get('ns:router')!.rect;
  expect(near!.x + near!.width).toBe(router.x);
  expect(far!.x).toBe(router.x + router.width);
  for (const [id, { rect, element }] of whole.boxes)
    if (element.kind !== 'outside' && element.kind !== 'underlay') expect(apart.boxes.get(id)?.rect, id).toEqual(rect);
});

it('starts a row of its own for the nodes behind the router, where there are several', () => {
  const rows = (farFrom: number): number[] =>
    [...layoutOf({ nodes: 7, pods: 1, shape: 'overlay', farFrom }).boxes.values()]
      .filter(({ element }) => element.kind === 'node')
      .map(({ rect }) => rect.y)
      .map((y, _, all) => [...new Set(all)].indexOf(y));
  expect(rows(4)).toEqual([0, 0, 0, 1, 1, 1, 1]);
  expect(rows(6)).toEqual([0, 0, 0, 0, 1, 2, 2]);
  expect(rows(9)).toEqual([0, 0, 0, 0, 1, 1, 1]);
});

it('has a way for a packet from every node to every other, along drawn lines', () => {
  fc.assert(
    fc.property(madeUp, (made) => {
      const { net } = layoutOf(made);
      const port = (n: number) => `node-${n}!dev!eth0!out`;
      for (let n = 2; n <= made.nodes; n++) expect(net.way(port(1), port(n)).length).toBeGreaterThan(2);
      expect(net.way(port(1), 'internet!dev!eth0!in').length).toBeGreaterThan(2);
      expect(net.way('client!dev!eth0!out', port(made.nodes)).length).toBeGreaterThan(2);
    }),
    { numRuns: 30 },
  );
});
