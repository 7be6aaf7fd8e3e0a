/**
 * The standing picture: one SVG, drawn once per world with keyed joins, so that what stayed stays and what moved glides (the style
 * sheet animates `transform`). A moment only switches classes here.
 */
import { type BaseType, type Selection, select } from 'd3-selection';
import { HEAVY_FROM } from './camera.ts';
import { type Drawing, drawBox, drawSmallPrint } from './draw-box.ts';
import type { ElementKind, PictureElement } from './picture.ts';
import type { PictureId } from './picture-id.ts';
import type { Layout, LayoutBox, LayoutMark, Rect } from './plot.ts';
import type { WireKind } from './wire-net.ts';

type Layer = Selection<SVGGElement, unknown, null, undefined>;

export interface Scene {
  readonly svg: SVGSVGElement;
  /** What the camera moves. */
  readonly camera: SVGGElement;
  readonly trails: SVGGElement;
  readonly links: SVGGElement;
  readonly arrows: SVGGElement;
  draw(layout: Layout): void;
  /** What is seen: of a large picture, machines outside this rectangle are left out; from near, the small print inside it is written. */
  look(seen: Rect, isNear: boolean): void;
  /** Gives a box the keyboard's focus. */
  focus(id: PictureId): void;
  /** Exactly these boxes and marks have this class. */
  mark(name: string, keys: ReadonlySet<string>): void;
}

const MACHINES: ReadonlySet<string> = new Set(['node', 'outside', 'router']);

export function makeScene(host: HTMLElement): Scene {
  const svg = select(host).append('svg').attr('class', 'hs-scene').attr('role', 'group').attr('aria-label', 'Cluster');
  const camera = svg.append('g').attr('class', 'hs-camera');
  const layer = (name: string): Layer => camera.append('g').attr('class', name);
  const machines = layer('hs-machines');
  const fields = layer('hs-fields');
  const wires = layer('hs-wires').attr('aria-hidden', 'true');
  const links = layer('hs-links').attr('aria-hidden', 'true');
  const trails = layer('hs-trails').attr('aria-hidden', 'true');
  const boxes = layer('hs-boxes');
  const marks = layer('hs-marks').attr('aria-hidden', 'true');
  const arrows = layer('hs-arrows').attr('aria-hidden', 'true');
  const groups = new Map<string, Element>();
  let current: Layout | null = null;

  const draw = (layout: Layout): void => {
    const all = [...layout.boxes.values()];
    groups.clear();
    joinBoxes(
      machines,
      all.filter(({ element }) => MACHINES.has(element.kind)),
    );
    const parts = all.filter(({ element }) => !MACHINES.has(element.kind));
    joinByMachine(boxes, parts, ({ element }) => element.parent ?? '', joinBoxes);
    const [below, above] = [
      layout.marks.filter(isField),
      layout.marks.filter((mark) => !isField(mark) && mark.kind !== 'underlay-line'),
    ];
    joinByMachine(fields, below, ({ of }) => of, joinMarks);
    joinByMachine(marks, above, ({ of }) => of, joinMarks);
    current = layout;
    drawWires(wires, layout);
    for (const element of camera.node()?.querySelectorAll('[data-id]') ?? [])
      groups.set(element.getAttribute('data-id') ?? '', element);
  };

  return {
    svg: svg.node() as SVGSVGElement,
    camera: camera.node() as SVGGElement,
    trails: trails.node() as SVGGElement,
    links: links.node() as SVGGElement,
    arrows: arrows.node() as SVGGElement,
    draw,
    look(seen, isNear) {
      const isHeavy = (current?.boxes.size ?? 0) >= HEAVY_FROM;
      for (const group of camera.node()?.querySelectorAll<SVGGElement>('g.hs-parts') ?? []) {
        const rect = current?.boxes.get(group.dataset.of ?? '')?.rect;
        if (isHeavy && rect && !meets(seen, rect)) group.setAttribute('display', 'none');
        else group.removeAttribute('display');
      }
      if (!isNear) return;
      for (const [id, box] of current?.boxes ?? []) {
        const group = groups.get(id);
        if (group && box.element.smallPrint && meets(seen, box.rect)) printIn(group, box);
      }
    },
    focus: (id) => groups.get(id)?.querySelector<SVGElement>('.hs-button')?.focus(),
    mark(name, keys) {
      for (const element of camera.node()?.querySelectorAll(`.${name}`) ?? []) {
        if (!keys.has(element.getAttribute('data-id') ?? '')) element.classList.remove(name);
      }
      for (const key of keys) groups.get(key)?.classList.add(name);
    },
  };
}

const isField = ({ kind }: LayoutMark): boolean => kind === 'kernel' || kind === 'rail';

const meets = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** One group for the parts of each machine, so that what is far outside the view can be left out at once. */
function joinByMachine<T>(
  layer: Layer,
  items: readonly T[],
  machineOf: (item: T) => PictureId,
  join: (layer: Layer, items: readonly T[]) => void,
): void {
  const byMachine = new Map<PictureId, T[]>();
  for (const item of items) {
    const known = byMachine.get(machineOf(item));
    if (known) known.push(item);
    else byMachine.set(machineOf(item), [item]);
  }
  layer
    .selectAll<SVGGElement, [PictureId, T[]]>('g.hs-parts')
    .data([...byMachine], ([machine]) => machine)
    .join((enter) =>
      enter
        .append('g')
        .attr('class', 'hs-parts')
        .attr('data-of', ([machine]) => machine),
    )
    .each(function joinParts([, its]) {
      join(select<SVGGElement, unknown>(this) as unknown as Layer, its);
    })
    .order();
}

const keyOf = ({ element }: LayoutBox): string => element.id;

/** Names a box completely, so that a screen reader needs no second look. */
const nameOf = ({ element }: LayoutBox): string => element.about;

/** How each box was drawn last: most of a large picture is the same in the next world and is not drawn again. */
const drawn = new WeakMap<Element, string>();

function looksOf({ element, size, rect }: LayoutBox): string {
  // `about` tells of its guard, too.
  const { label, sublabel, about, details, isOff } = element;
  return [size, rect.width, rect.height, label, sublabel, about, isOff, ...details].join('\n');
}

/** Whose small print stands in a box: each world has its own. */
const printed = new WeakMap<Element, PictureElement['smallPrint']>();

function printIn(group: Element, box: LayoutBox): void {
  if (printed.get(group) === box.element.smallPrint) return;
  printed.set(group, box.element.smallPrint);
  const drawing = select(group).select<SVGGElement>('g.hs-drawing');
  drawing.selectAll('.hs-near').remove();
  drawSmallPrint(drawing as unknown as Drawing, box);
}

function drawAnew(node: SVGGElement, box: LayoutBox): void {
  const { element, size, rect } = box;
  const group = select(node);
  const margin = element.kind === 'hook' ? GATE_MARGIN : 0;
  group.attr('class', `hs-box hs-${element.kind}${size ? ` hs-${size}` : ''}${element.isOff ? ' is-off' : ''}`);
  group
    .select('rect.hs-button')
    .attr('aria-label', nameOf(box))
    .attr('x', -margin)
    .attr('y', -margin)
    .attr('width', rect.width + 2 * margin)
    .attr('height', rect.height + 2 * margin)
    .attr('rx', RADIUS[element.kind] ?? 2);
  const drawing = group.select<SVGGElement>('g.hs-drawing');
  drawing.selectAll('*').remove();
  printed.delete(node);
  drawBox(drawing as unknown as Drawing, box);
}

/** Room around a gate's posts, which alone would be hard to hit. */
const GATE_MARGIN = 4;

/**
 * A box is a button, and beside it the drawing, which is for the eyes. (Words inside a button would be its name: here they are cut to
 * fit.) The button stays when a box is drawn again, so the focus stays.
 */
function joinBoxes(layer: Layer, data: readonly LayoutBox[]): void {
  layer
    .selectAll<SVGGElement, LayoutBox>('g.hs-box')
    .data(data, keyOf)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'hs-box').attr('data-id', keyOf);
      group.append('rect').attr('class', 'hs-button').attr('tabindex', 0).attr('role', 'button');
      group.append('g').attr('class', 'hs-drawing').attr('aria-hidden', 'true');
      return group;
    })
    .each(function redraw(box) {
      place(this, box.rect.x, box.rect.y);
      const looks = looksOf(box);
      if (drawn.get(this) === looks) return;
      drawn.set(this, looks);
      drawAnew(this, box);
    })
    .order();
}

const RADIUS: Partial<Record<ElementKind, number>> = { node: 8, outside: 8, router: 8, pod: 6, sockets: 9 };

/** As a style, because only a style is animated; set through the object model, which the page's policy allows. */
function place(element: SVGElement, x: number, y: number): void {
  element.style.setProperty('transform', `translate(${x}px, ${y}px)`);
}

function joinMarks(layer: Layer, data: readonly LayoutMark[]): void {
  layer
    .selectAll<SVGGElement, LayoutMark>('g.hs-mark')
    .data(data, ({ key }) => key)
    .join((enter) => enter.append('g').attr('data-id', ({ key }) => key))
    .attr('class', ({ kind }) => `hs-mark hs-mark-${kind}`)
    .each(function redraw({ kind, rect, label }) {
      const group = select<BaseType, LayoutMark>(this) as unknown as Layer;
      place(this as SVGGElement, rect.x, rect.y);
      group.selectAll('*').remove();
      drawMark(group, kind, rect, label);
    });
}

const CHEVRONS: Readonly<Record<string, string>> = { up: 'M1 6L4 3L7 6', down: 'M1 2L4 5L7 2', right: 'M2 1L5 4L2 7' };

function drawMark(group: Layer, kind: LayoutMark['kind'], rect: Rect, label: string): void {
  if (kind === 'arrow') {
    group
      .append('path')
      .attr('class', 'hs-chevron')
      .attr('d', CHEVRONS[label] ?? '');
    return;
  }
  if (kind === 'program') {
    const r = rect.width / 2;
    group
      .append('path')
      .attr('class', 'hs-program')
      .attr('d', `M${r} 0L${2 * r} ${r}L${r} ${2 * r}L0 ${r}Z`);
    return;
  }
  if (kind === 'bridge-hook') {
    const middle = rect.height / 2;
    group
      .append('path')
      .attr('class', 'hs-posts')
      .attr('d', `M4 ${middle - 8}v4.5M4 ${middle + 3.5}v4.5`);
    group
      .append('text')
      .attr('class', 'hs-mono hs-gate-name')
      .attr('x', 12)
      .attr('y', middle + 4)
      .text(label);
    return;
  }
  group
    .append('rect')
    .attr('width', rect.width)
    .attr('height', rect.height)
    .attr('rx', kind === 'kernel' ? 6 : 1);
  if (kind === 'kernel')
    group
      .append('text')
      .attr('class', 'hs-quiet')
      .attr('x', 18)
      .attr('y', rect.height - 5)
      .text(label);
}

/** One path element for each kind of wire: a thousand lines cost as much as one. */
function drawWires(layer: Layer, { net, marks }: Layout): void {
  const d = new Map<WireKind | 'tunnel', string[]>();
  const add = (kind: WireKind | 'tunnel', piece: string): void => {
    const pieces = d.get(kind);
    if (pieces) pieces.push(piece);
    else d.set(kind, [piece]);
  };
  for (const { a, b, kind } of net.wires) {
    if (kind === 'unseen') continue;
    const [p, q] = [net.at(a), net.at(b)];
    if (p.x !== q.x || p.y !== q.y) add(kind, `M${p.x} ${p.y}L${q.x} ${q.y}`);
  }
  for (const { kind, rect } of marks) {
    if (kind !== 'underlay-line') continue;
    add('underlay', `M${rect.x} ${rect.y + 2}h${rect.width}`);
  }
  layer
    .selectAll<SVGPathElement, [string, string[]]>('path')
    .data([...d], ([kind]) => kind)
    .join('path')
    .attr('class', ([kind]) => `hs-wire hs-wire-${kind}`)
    .attr('d', ([, pieces]) => pieces.join(''));
}
