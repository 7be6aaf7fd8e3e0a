/**
 * Zoom and pan. During a gesture over a large picture only the finished SVG is moved (its text is not laid out again); when the
 * gesture rests, the drawing itself is scaled and sharp again.
 */
import { interpolateZoom } from 'd3-interpolate';
import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import type { FrameLoop } from './frame-loop.ts';
import type { Rect } from './plot.ts';
import type { Detail } from './stage-api.ts';
import type { Point } from './wire-net.ts';

const SCALE_MIN = 0.02;
const SCALE_MAX = 8;
const FAR_BELOW = 0.42;
const NEAR_FROM = 2.6;
const REST_MS = 140;
const FLIGHT_MS = 380;
const MARGIN = 8;
/** Fitting a small picture does not blow it up beyond this. */
const FIT_SCALE_MAX = 2.2;
/** Flying to one box may come closer. */
const FLY_SCALE_MAX = 4;
/** From this many boxes on, a gesture moves the finished picture. */
export const HEAVY_FROM = 200;
/** How much of the picture around the host is drawn, too, so that a pan has something to show; a share of its size. */
export const OVERSCAN = 0.35;

export interface CameraParts {
  readonly host: HTMLElement;
  readonly svg: SVGSVGElement;
  readonly group: SVGGElement;
  readonly loop: FrameLoop;
  /** False keeps a gesture for somebody else. */
  readonly mayStart: (event: Event) => boolean;
  readonly isStill: () => boolean;
  readonly onChange: (transform: ZoomTransform, detail: Detail) => void;
  /** The drawing itself was scaled: this much of it is in view or near it. */
  readonly onRest: (seen: Rect) => void;
}

export const detailAt = (scale: number): Detail => (scale < FAR_BELOW ? 'far' : scale >= NEAR_FROM ? 'near' : 'middle');

export class Camera {
  transform: ZoomTransform = zoomIdentity;
  /** The person moved the picture since it was last fitted. */
  isMoved = false;
  width = 0;
  height = 0;
  private committed: ZoomTransform = zoomIdentity;
  private boxes = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private stopFlight: (() => void) | null = null;
  private readonly behaviour: ZoomBehavior<HTMLElement, unknown>;
  private readonly parts: CameraParts;

  constructor(parts: CameraParts) {
    this.parts = parts;
    this.behaviour = zoom<HTMLElement, unknown>()
      .scaleExtent([SCALE_MIN, SCALE_MAX])
      .filter(
        (event: MouseEvent) => (!event.ctrlKey || event.type === 'wheel') && !event.button && parts.mayStart(event),
      )
      .on('zoom', (event: D3ZoomEvent<HTMLElement, unknown>) => this.onZoom(event));
    select(parts.host).call(this.behaviour).on('dblclick.zoom', null);
  }

  toScreen({ x, y }: Point): Point {
    return { x: this.transform.applyX(x), y: this.transform.applyY(y) };
  }

  /** How large a part of the picture is when it fills the view. */
  scaleOf(rect: Rect, marginPx = MARGIN, most = FIT_SCALE_MAX): number {
    const { width, height } = this;
    const wanted = Math.min((width - 2 * marginPx) / rect.width, (height - 2 * marginPx) / rect.height, most);
    return Math.max(SCALE_MIN, wanted);
  }

  fit(rect: Rect, { isGlide = false, isClose = false, marginPx = MARGIN } = {}): void {
    const { width, height } = this;
    if (width === 0 || height === 0) return;
    const k = this.scaleOf(rect, marginPx, isClose ? FLY_SCALE_MAX : FIT_SCALE_MAX);
    const x = (width - rect.width * k) / 2 - rect.x * k;
    const y = (height - rect.height * k) / 2 - rect.y * k;
    this.isMoved = false;
    const target = zoomIdentity.translate(x, y).scale(k);
    if (isGlide) return this.fly(target);
    // A flight that is under way would end at the size that was.
    this.stopFlight?.();
    this.jump(target);
  }

  by(factor: number): void {
    const { transform: t, width, height } = this;
    const k = Math.min(SCALE_MAX, Math.max(SCALE_MIN, t.k * factor));
    const [cx, cy] = [width / 2, height / 2];
    const ratio = k / t.k;
    this.isMoved = true;
    this.fly(zoomIdentity.translate(cx - (cx - t.x) * ratio, cy - (cy - t.y) * ratio).scale(k));
  }

  setBounds(rect: Rect, boxes: number): void {
    this.boxes = boxes;
    const far = Math.max(rect.width, rect.height);
    this.behaviour.translateExtent([
      [rect.x - far, rect.y - far],
      [rect.x + rect.width + far, rect.y + rect.height + far],
    ]);
    // The drawing has changed beneath a camera that may stand still.
    this.parts.onRest(this.seen());
  }

  /** What the person looks at stays in the middle. */
  resize(width: number, height: number): void {
    const { x, y, k } = this.transform;
    const [byX, byY] = [(width - this.width) / 2, (height - this.height) / 2];
    this.width = width;
    this.height = height;
    this.behaviour.extent([
      [0, 0],
      [width, height],
    ]);
    if (this.isMoved) this.jump(zoomIdentity.translate(x + byX, y + byY).scale(k));
    this.commit();
  }

  destroy(): void {
    clearTimeout(this.restTimer);
    this.stopFlight?.();
    select(this.parts.host).on('.zoom', null);
  }

  private onZoom(event: D3ZoomEvent<HTMLElement, unknown>): void {
    this.transform = event.transform;
    if (event.sourceEvent) {
      this.isMoved = true;
      this.stopFlight?.();
    }
    if (this.boxes >= HEAVY_FROM) this.moveFinished();
    else this.commit();
    this.parts.onChange(this.transform, detailAt(this.transform.k));
  }

  private jump(target: ZoomTransform): void {
    this.behaviour.transform(select(this.parts.host), target);
  }

  private fly(target: ZoomTransform): void {
    this.stopFlight?.();
    const { width, height, transform } = this;
    if (this.parts.isStill() || width === 0) {
      this.jump(target);
      return;
    }
    const view = (t: ZoomTransform): [number, number, number] => [
      (width / 2 - t.x) / t.k,
      (height / 2 - t.y) / t.k,
      width / t.k,
    ];
    const between = interpolateZoom(view(transform), view(target));
    let passedMs = 0;
    const remove = this.parts.loop.add({
      write: (_now, sinceMs) => {
        passedMs += sinceMs;
        const share = Math.min(1, passedMs / FLIGHT_MS);
        const [x, y, w] = between(share * share * (3 - 2 * share));
        const k = width / w;
        this.jump(share === 1 ? target : zoomIdentity.translate(width / 2 - x * k, height / 2 - y * k).scale(k));
        if (share === 1) this.stopFlight?.();
        return share < 1;
      },
    });
    this.stopFlight = () => {
      remove();
      this.stopFlight = null;
    };
  }

  private commit(): void {
    const { transform, width, height } = this;
    const { svg, group } = this.parts;
    this.committed = transform;
    svg.style.removeProperty('transform');
    svg.classList.remove('is-moving');
    group.setAttribute(
      'transform',
      `translate(${transform.x + width * OVERSCAN},${transform.y + height * OVERSCAN}) scale(${transform.k})`,
    );
    this.parts.onRest(this.seen());
  }

  private seen(): Rect {
    const { transform: t, width, height } = this;
    const [x, y] = [t.invertX(-width * OVERSCAN), t.invertY(-height * OVERSCAN)];
    const times = (1 + 2 * OVERSCAN) / t.k;
    return { x, y, width: width * times, height: height * times };
  }

  /** The SVG is larger than the host by the overscan: scale around the host's corner, not around its own. */
  private moveFinished(): void {
    const { transform: t, committed: c, width, height } = this;
    const { svg } = this.parts;
    const k = t.k / c.k;
    const [ox, oy] = [width * OVERSCAN, height * OVERSCAN];
    svg.classList.add('is-moving');
    svg.style.setProperty(
      'transform',
      `translate(${t.x - c.x * k + ox * (1 - k)}px, ${t.y - c.y * k + oy * (1 - k)}px) scale(${k})`,
    );
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.commit(), REST_MS);
  }
}
