/** What a person does with boxes: select, hover, walk between them with the arrow keys, and draw a probe from one to another. */
import { type PictureId, refOf } from './picture-id.ts';
import type { LayoutBox, Rect } from './plot.ts';
import type { StageCallbacks } from './stage-api.ts';
import type { Point } from './wire-net.ts';

export interface GestureParts {
  readonly host: HTMLElement;
  readonly overlay: SVGSVGElement;
  readonly callbacks: StageCallbacks;
  readonly boxes: () => ReadonlyMap<PictureId, LayoutBox>;
  readonly focus: (id: PictureId) => void;
  readonly onHover: (id: PictureId | null) => void;
  /** A box got the keyboard's focus: bring it into view. */
  readonly onFocus: (id: PictureId) => void;
  readonly mark: (name: string, ids: ReadonlySet<string>) => void;
}

const DRAG_FROM_PX = 6;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function idUnder(target: EventTarget | null): PictureId | null {
  return target instanceof Element ? (target.closest('g.hs-box')?.getAttribute('data-id') ?? null) : null;
}

const isPodOrOutside = (box: LayoutBox | undefined): boolean =>
  ['pod', 'outside', 'router', 'sockets'].includes(box?.element.kind ?? '');
const takesProbe = (box: LayoutBox | undefined): boolean =>
  isPodOrOutside(box) || ['service', 'node', 'nic'].includes(box?.element.kind ?? '');

/** A probe starts at a pod, an outside machine, or a node's own processes; everywhere else a drag moves the picture. */
export function startsProbe(boxes: ReadonlyMap<PictureId, LayoutBox>, target: EventTarget | null): boolean {
  const id = idUnder(target);
  return id !== null && isPodOrOutside(boxes.get(id));
}

/** Parts of a machine stand for it: its processes, its network card. */
function endOf(id: PictureId): PictureId {
  const ref = refOf(id);
  return ref !== null && 'ns' in ref && (ref.kind === 'sockets' || ref.kind === 'dev') ? `ns:${ref.ns}` : id;
}

const middleOf = ({ x, y, width, height }: Rect): Point => ({ x: x + width / 2, y: y + height / 2 });

/** Stepping out of a machine, or over the shelf, costs as much as this many pixels. */
const STRANGER_PX = 240;

/** Boxes that touch are still beside each other. */
const OVERLAP_PX = 8;

interface Gaps {
  readonly along: number;
  readonly aside: number;
  readonly offCentre: number;
}

/** How far the second box is in a direction, and how far it is to the side of it; 0 while their sides face each other. */
function gapsBetween(a: Rect, b: Rect, dx: number, dy: number): Gaps {
  const right = [b.x - (a.x + a.width), a.x - (b.x + b.width)] as const;
  const down = [b.y - (a.y + a.height), a.y - (b.y + b.height)] as const;
  const [p, q] = [middleOf(a), middleOf(b)];
  const sideways = Math.max(0, ...(dx === 0 ? right : down));
  const off = dx === 0 ? q.x - p.x : q.y - p.y;
  const [ahead, behind] = dx === 0 ? down : right;
  return { along: dx + dy > 0 ? ahead : behind, aside: sideways, offCentre: Math.abs(off) };
}

/** The nearest box in a direction, among equals: parts of machines, or machines and Services. Aside counts three times. */
export function neighbourOf(
  boxes: ReadonlyMap<PictureId, LayoutBox>,
  from: PictureId,
  [dx, dy]: readonly [number, number],
): PictureId | null {
  const start = boxes.get(from);
  if (!start) return null;
  let best: PictureId | null = null;
  let least = Number.POSITIVE_INFINITY;
  const isPart = start.element.parent !== null;
  for (const [id, { rect, element }] of boxes) {
    if (id === from || (isPart ? element.kind === 'node' : element.parent !== null)) continue;
    const gaps = gapsBetween(start.rect, rect, dx, dy);
    if (gaps.along < -OVERLAP_PX) continue;
    const isStranger = isPart && element.parent !== start.element.parent;
    const cost = gaps.along + 3 * gaps.aside + gaps.offCentre / 8 + (isStranger ? STRANGER_PX : 0);
    if (cost < least) [least, best] = [cost, id];
  }
  return best;
}

export class Gestures {
  private drag: { from: PictureId; start: Point; isDrawing: boolean; pointer: number } | null = null;
  private readonly line: SVGPathElement;
  private readonly parts: GestureParts;
  private readonly stop = new AbortController();

  constructor(parts: GestureParts) {
    this.parts = parts;
    this.line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    this.line.setAttribute('class', 'hs-probe-line');
    parts.overlay.append(this.line);
    const { signal } = this.stop;
    const { host } = parts;
    host.addEventListener('pointerdown', (event) => this.onDown(event), { signal });
    host.addEventListener('pointermove', (event) => this.onMove(event), { signal });
    host.addEventListener('pointerup', (event) => this.onUp(event), { signal });
    host.addEventListener('pointercancel', () => this.endDrag(), { signal });
    host.addEventListener('click', (event) => this.onClick(event), { signal });
    host.addEventListener('keydown', (event) => this.onKey(event), { signal });
    host.addEventListener('pointerover', (event) => this.onOver(event), { signal });
    host.addEventListener('pointerleave', () => this.hover(null), { signal });
    host.addEventListener('focusin', (event) => this.onFocusIn(event), { signal });
    host.addEventListener('focusout', () => this.hover(null), { signal });
  }

  destroy(): void {
    this.stop.abort();
    this.line.remove();
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0 || !startsProbe(this.parts.boxes(), event.target)) return;
    const from = idUnder(event.target);
    if (from !== null) this.drag = { from, start: this.pointIn(event), isDrawing: false, pointer: event.pointerId };
  }

  private onMove(event: PointerEvent): void {
    const { drag } = this;
    if (!drag || drag.pointer !== event.pointerId) return;
    const here = this.pointIn(event);
    if (!drag.isDrawing) {
      if (Math.hypot(here.x - drag.start.x, here.y - drag.start.y) < DRAG_FROM_PX) return;
      drag.isDrawing = true;
      this.parts.host.setPointerCapture(event.pointerId);
      this.parts.host.classList.add('is-drawing-probe');
    }
    this.line.setAttribute('d', `M${drag.start.x} ${drag.start.y}L${here.x} ${here.y}`);
    const target = this.targetAt(event);
    this.parts.mark('is-target', new Set(target === null ? [] : [target]));
  }

  private onUp(event: PointerEvent): void {
    const { drag } = this;
    if (!drag?.isDrawing) {
      this.drag = null;
      return;
    }
    const to = this.targetAt(event);
    this.endDrag();
    if (to !== null && to !== drag.from) this.parts.callbacks.onDragProbe?.(endOf(drag.from), endOf(to));
  }

  private endDrag(): void {
    this.drag = null;
    this.line.removeAttribute('d');
    this.parts.host.classList.remove('is-drawing-probe');
    this.parts.mark('is-target', new Set());
  }

  private targetAt(event: PointerEvent): PictureId | null {
    const id = idUnder(document.elementFromPoint(event.clientX, event.clientY));
    if (id === null) return null;
    const box = this.parts.boxes().get(id);
    if (takesProbe(box)) return id;
    const parent = box?.element.parent ?? null;
    return parent !== null && takesProbe(this.parts.boxes().get(parent)) ? parent : null;
  }

  private pointIn(event: PointerEvent): Point {
    const { left, top } = this.parts.host.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private onClick(event: MouseEvent): void {
    // d3-zoom cancels the click that ends a pan.
    if (!event.defaultPrevented) this.parts.callbacks.onSelect?.(idUnder(event.target));
  }

  private onKey(event: KeyboardEvent): void {
    const id = idUnder(event.target);
    if (id === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    if (event.key === 'Enter' || event.key === ' ') this.parts.callbacks.onSelect?.(id);
    else if (event.key === 'Escape') this.parts.callbacks.onSelect?.(null);
    else if (arrow) {
      const next = neighbourOf(this.parts.boxes(), id, arrow);
      if (next !== null) this.parts.focus(next);
    } else return;
    // Arrows on a focused box walk here; they do not also step the timeline.
    event.preventDefault();
    event.stopPropagation();
  }

  private onOver(event: PointerEvent): void {
    if (!this.drag?.isDrawing) this.hover(idUnder(event.target));
  }

  private onFocusIn(event: FocusEvent): void {
    const id = idUnder(event.target);
    this.hover(id);
    if (id !== null && event.target instanceof Element && event.target.matches(':focus-visible'))
      this.parts.onFocus(id);
  }

  private hover(id: PictureId | null): void {
    this.parts.onHover(id);
    this.parts.callbacks.onHover?.(id);
  }
}
