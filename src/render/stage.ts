/** The stage: picture, packet, crowd and camera in one host element. Drawn by D3, told what to show, asked for nothing. */
import { easeCubicInOut } from 'd3-ease';
import { select } from 'd3-selection';
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import { type AllowArrow, drawAllowArrows } from './allow-arrows.ts';
import { Camera } from './camera.ts';
import { Crowd } from './crowd.ts';
import { crowdPathIn } from './crowd-path.ts';
import { type EnvelopeLayer, type EnvelopeView, makeEnvelopeLayer } from './envelope.ts';
import { frameLoop } from './frame-loop.ts';
import { Gestures, startsProbe } from './gestures.ts';
import { aroundPath, homeOf } from './home.ts';
import { layoutPicture } from './layout.ts';
import { touchedBy } from './lit.ts';
import { glideBetween, indexTrace, type MomentView, momentAt, type Playhead, type TraceIndex } from './moment.ts';
import { makePicture, type Picture } from './picture.ts';
import { type PictureId, refOf } from './picture-id.ts';
import type { Obstacle } from './place-words.ts';
import type { Layout, Rect } from './plot.ts';
import { pathOf } from './route-of-packet.ts';
import { makeScene, type Scene } from './scene.ts';
import { drawLinks } from './service-links.ts';
import type { CrowdFlow, Detail, Stage, StageCallbacks, StageStory, ZoomTarget } from './stage-api.ts';
import { Trail } from './trail.ts';

const NOBODY: ReadonlySet<string> = new Set();
/** How far ahead the packet's words stay out of its way. */
const SOON_STEPS = 60;
/** The packet's words grow and shrink with the picture, to a point. */
const WORDS_ZOOM_MAX = 1.4;
const WORDS_ZOOM_MIN = 0.8;
/** A machine's name, above its pods. */
const CARD_TITLE_H = 22;

class HostStage implements Stage {
  private readonly host: HTMLElement;
  private readonly callbacks: StageCallbacks;
  private readonly scene: Scene;
  private readonly canvas: HTMLCanvasElement;
  private readonly overlay: SVGSVGElement;
  private readonly crowd: Crowd;
  private readonly camera: Camera;
  private readonly gestures: Gestures;
  private readonly envelope: EnvelopeLayer;
  private readonly trail: Trail;
  private readonly observer: ResizeObserver;
  private readonly media = matchMedia('(prefers-reduced-motion: reduce)');
  private readonly removeTask: () => void;

  private world: World | null = null;
  private picture: Picture | null = null;
  private layout: Layout | null = null;
  private trace: Trace | null = null;
  private index: TraceIndex | null = null;
  private playhead: Playhead = { step: 0, progress: 1 };
  private glide: { durationMs: number; passedMs: number; at: (share: number) => Playhead } | null = null;
  private selected: PictureId | null = null;
  private hovered: PictureId | null = null;
  private story: StageStory | null = null;
  private arrows: readonly AllowArrow[] = [];
  private touched: ReadonlySet<string> = NOBODY;
  private isDirty = false;
  private lastLit = '';
  /** The person asked for everything, however small that is. */
  private wantsAll = false;

  constructor(host: HTMLElement, callbacks: StageCallbacks) {
    this.host = host;
    this.callbacks = callbacks;
    host.classList.add('hs-stage');
    this.scene = makeScene(host);
    this.canvas = select(host)
      .append('canvas')
      .attr('class', 'hs-crowd')
      .attr('aria-hidden', 'true')
      .node() as HTMLCanvasElement;
    this.overlay = select(host)
      .append('svg')
      .attr('class', 'hs-overlay')
      .attr('aria-hidden', 'true')
      .node() as SVGSVGElement;
    this.crowd = new Crowd(this.canvas);
    this.envelope = makeEnvelopeLayer(this.overlay);
    this.trail = new Trail(this.scene.trails);
    this.camera = new Camera({
      host,
      svg: this.scene.svg,
      group: this.scene.camera,
      loop: frameLoop,
      mayStart: (event) => !(event.type !== 'wheel' && this.layout && startsProbe(this.layout.boxes, event.target)),
      isStill: () => this.media.matches,
      onRest: (seen) => this.scene.look(seen, host.dataset.detail === 'near'),
      onChange: (transform, detail) => this.onCamera(transform.k, detail),
    });
    this.gestures = new Gestures({
      host,
      overlay: this.overlay,
      callbacks,
      boxes: () => this.layout?.boxes ?? new Map(),
      focus: (id) => this.scene.focus(id),
      onHover: (id) => this.setHover(id),
      onFocus: (id) => this.reveal(id),
      mark: (name, ids) => this.scene.mark(name, ids),
    });
    this.removeTask = frameLoop.add({ write: (_now, sinceMs) => this.frame(sinceMs) });
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(host);
    this.resize();
  }

  setWorld(world: World): void {
    const isFirst = this.world === null;
    this.world = world;
    this.picture = makePicture(world);
    this.relayout(isFirst);
  }

  setTrace(trace: Trace | null): void {
    this.trace = trace;
    this.glide = null;
    this.playhead = { step: 0, progress: 1 };
    this.relayout(false);
  }

  setMoment(step: number, progress = 1): void {
    this.glide = null;
    this.playhead = { step, progress: this.media.matches ? 1 : progress };
    this.touch();
  }

  glideTo(step: number): void {
    const between = this.index && !this.media.matches ? glideBetween(this.index, this.playhead, step) : null;
    if (!between) {
      this.setMoment(step, 1);
      return;
    }
    this.glide = { ...between, passedMs: 0 };
    this.touch();
  }

  setCrowd(flows: readonly CrowdFlow[]): void {
    this.crowd.readColours();
    this.crowd.set(flows, this.layout ? crowdPathIn(this.layout) : () => []);
    this.touch();
  }

  setSelection(id: PictureId | null): void {
    this.selected = id;
    this.scene.mark('is-selected', new Set(id === null ? [] : [this.shownAs(id)]));
    this.drawLinks();
  }

  setStory(story: StageStory | null): void {
    this.story = story;
    const shown = (ids: readonly PictureId[] = []): ReadonlySet<string> => new Set(ids.map((id) => this.shownAs(id)));
    this.host.classList.toggle('has-story', story !== null);
    // Where a room is drawn for its device, it stands as soon as one of both does.
    const standing = shown([...(story?.born ?? []), ...(story?.fresh ?? [])]);
    this.scene.mark('is-unborn', new Set([...shown(story?.unborn)].filter((id) => !standing.has(id))));
    this.scene.mark('is-fresh', shown(story?.fresh));
  }

  setArrows(arrows: readonly AllowArrow[]): void {
    this.arrows = arrows;
    drawAllowArrows(this.scene.arrows, this.layout, arrows);
  }

  setTheme(_theme: 'light' | 'dark' | 'system'): void {
    this.crowd.readColours();
    this.touch();
  }

  zoomTo(target: ZoomTarget): void {
    if (!this.layout) return;
    if (target.kind === 'by') this.camera.by(target.factor);
    else if (target.kind === 'all') {
      this.wantsAll = true;
      this.camera.fit(this.layout.bounds, { isGlide: true });
    } else {
      const rect =
        target.kind === 'element' ? this.layout.boxes.get(this.shownAs(target.id))?.rect : this.traceBounds();
      if (rect)
        this.camera.fit(rect, {
          isGlide: true,
          isClose: target.kind === 'element',
          marginPx: Math.min(this.camera.width, this.camera.height) * 0.12,
        });
      this.camera.isMoved = true;
    }
  }

  fit(): void {
    this.zoomTo({ kind: 'all' });
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width === this.camera.width && height === this.camera.height) return;
    this.camera.resize(width, height);
    this.crowd.resize(width, height, devicePixelRatio);
    if (this.layout && !this.camera.isMoved) this.camera.fit(this.home(this.layout));
    this.touch();
  }

  destroy(): void {
    this.observer.disconnect();
    this.removeTask();
    this.gestures.destroy();
    this.camera.destroy();
    this.scene.svg.remove();
    this.canvas.remove();
    this.overlay.remove();
    this.host.classList.remove('hs-stage', 'has-trace');
  }

  /** Pods of the trace are shown in full, so a trace may rearrange a crowded node; nothing else moves. */
  private relayout(isFirst: boolean): void {
    if (!this.picture) return;
    const touched = this.trace ? touchedBy(this.trace) : null;
    const to = this.trace?.probe.to;
    const services = new Set<PictureId>(to?.kind === 'service' ? [`svc:${to.ref}`] : []);
    this.touched = new Set([...(touched?.keys ?? NOBODY), ...services]);
    const ground = this.layout?.bounds;
    this.layout = layoutPicture(this.picture, { namespaces: touched?.namespaces ?? NOBODY, services });
    this.host.classList.toggle('is-settling', isFirst);
    this.scene.draw(this.layout);
    this.index = this.trace ? indexTrace(this.trace, pathOf(this.trace, this.layout)) : null;
    this.host.classList.toggle('has-trace', this.trace !== null);
    this.scene.mark('is-part', this.touched);
    this.camera.setBounds(this.layout.bounds, this.layout.boxes.size);
    const isNew = !isSame(ground, this.layout.bounds);
    if (isNew) this.wantsAll = false;
    if (!this.camera.isMoved || isNew || this.isOutOfSight())
      this.camera.fit(this.home(this.layout), { isGlide: !isFirst });
    this.crowd.retrace(crowdPathIn(this.layout));
    this.lastLit = '';
    this.setSelection(this.selected);
    this.setStory(this.story);
    this.setArrows(this.arrows);
    this.touch();
  }

  private home(layout: Layout): Rect {
    return this.wantsAll ? layout.bounds : homeOf(layout, this.touched, (rect) => this.camera.scaleOf(rect));
  }

  private touch(): void {
    this.isDirty = true;
    frameLoop.wake();
  }

  private frame(sinceMs: number): boolean {
    if (this.glide) {
      this.glide.passedMs += sinceMs;
      const share = Math.min(1, this.glide.passedMs / this.glide.durationMs);
      this.playhead = this.glide.at(easeCubicInOut(share));
      this.isDirty = true;
      if (share === 1) this.glide = null;
    }
    const runs = !this.crowd.isEmpty && !this.media.matches;
    if (!this.crowd.isEmpty || this.isDirty)
      this.crowd.draw(this.camera.transform, devicePixelRatio, sinceMs, this.media.matches);
    if (this.isDirty) this.isDirty = this.drawMoment(sinceMs);
    return runs || this.isDirty || this.glide !== null;
  }

  /** True while something still moves by itself. */
  private drawMoment(sinceMs: number): boolean {
    const { index, layout } = this;
    const view = index && layout ? momentAt(index, layout, this.playhead.step, this.playhead.progress) : null;
    this.light(view);
    if (!index || !layout || !view) {
      this.trail.clear();
      return this.envelope.show(null, null);
    }
    const isThere = this.playhead.progress >= 1;
    this.trail.show(layout.net, index.paths, view.leg, view.packet, isThere ? null : view.at);
    return this.envelope.show(this.envelopeView(view, layout), this.media.matches ? null : sinceMs);
  }

  private light(view: MomentView | null): void {
    const isOver = view !== null && view.effect > 0;
    const changes = isOver && Object.keys(view.change).length > 0;
    const key = view ? `${view.step.i} ${isOver} ${view.fate}` : '-';
    if (key === this.lastLit) return;
    this.lastLit = key;
    const here = view?.here ?? NOBODY;
    this.scene.mark('is-passed', view?.passed ?? NOBODY);
    this.scene.mark('is-here', here);
    this.scene.mark('is-changed', changes ? view.place : NOBODY);
    const isRefused = view?.step.kind === 'deliver';
    this.scene.mark('is-stopped', view?.fate === 'stopped' ? (isRefused ? here : view.place) : NOBODY);
    this.scene.mark('is-good', view?.fate === 'good' ? here : NOBODY);
    this.drawLinks();
  }

  private envelopeView(view: MomentView, layout: Layout): EnvelopeView {
    const { width, height, transform } = this.camera;
    return {
      at: this.camera.toScreen(view.at),
      envelopes: view.envelopes,
      change: view.change,
      effect: view.effect,
      fate: view.fate,
      fateWords: view.fateWords,
      room: { x: 4, y: 4, width: width - 8, height: height - 8 },
      avoid: () => this.obstacles(view, layout),
      zoom: Math.min(WORDS_ZOOM_MAX, Math.max(WORDS_ZOOM_MIN, transform.k)),
      placeKey: `${view.step.ns} ${view.leg.to}`,
    };
  }

  private obstacles(view: MomentView, layout: Layout): Obstacle[] {
    const soon = this.soonKeys(view);
    const { k } = this.camera.transform;
    return [...layout.boxes.values()].flatMap(({ element, rect }) => {
      const isCard = element.kind === 'node';
      // A gate's name counts, too; of a machine's card only its title does.
      const room = element.kind === 'hook' ? { x: 32, y: 20 } : { x: 0, y: 0 };
      const { x, y } = this.camera.toScreen({ x: rect.x - room.x, y: rect.y - room.y });
      const height = isCard ? CARD_TITLE_H : rect.height + room.y;
      const screen = { x, y, width: (rect.width + 2 * room.x) * k, height: height * k };
      const isNext = !isCard && (soon.has(element.id) || view.here.has(element.id));
      if (isNext) return [{ rect: screen, weight: view.here.has(element.id) ? 8 : 4 }];
      if (view.passed.has(element.id)) return [{ rect: screen, weight: 0.8 }];
      return [{ rect: screen, weight: this.touched.has(element.id) ? 2.5 : 0.3 }];
    });
  }

  /** What the packet comes to next: the last thing to cover with its own words. */
  private soonKeys({ step }: MomentView): ReadonlySet<string> {
    const keys = new Set<string>();
    for (let i = step.i + 1; i <= step.i + SOON_STEPS; i++)
      for (const key of this.index?.keys.get(i) ?? []) keys.add(key);
    return keys;
  }

  private onCamera(scale: number, detail: Detail): void {
    if (this.host.dataset.detail !== detail) this.host.dataset.detail = detail;
    this.callbacks.onZoom?.(scale, detail);
    this.touch();
  }

  private setHover(id: PictureId | null): void {
    if (id === this.hovered) return;
    this.hovered = id;
    this.scene.mark('is-hovered', new Set(id === null ? [] : [id]));
    this.drawLinks();
  }

  /** Services in question: selected, hovered, or asked by the trace. */
  private drawLinks(): void {
    if (!this.picture || !this.layout) return;
    const wanted = new Set([this.selected, this.hovered].filter((id) => id !== null));
    const to = this.trace?.probe.to;
    if (to?.kind === 'service') wanted.add(`svc:${to.ref}`);
    drawLinks(this.scene.links, this.picture, this.layout, wanted);
  }

  /** A folded pod is shown as the count that holds it; a device without a box as its port, or as the room that it is in. */
  private shownAs(id: PictureId): string {
    const { layout } = this;
    const ref = refOf(id);
    if (!layout || layout.boxes.has(id) || ref?.kind !== 'dev') return layout?.foldedInto.get(id) ?? id;
    const port = `${ref.ns} port ${ref.dev}`;
    return layout.marks.some(({ key }) => key === port) ? port : this.shownAs(`ns:${ref.ns}`);
  }

  private traceBounds(): Rect | null {
    return this.layout && this.trace ? aroundPath(this.layout, touchedBy(this.trace).keys) : null;
  }

  /** The person has zoomed to where the present trace does not go at all. */
  private isOutOfSight(): boolean {
    const rect = this.traceBounds();
    if (!rect) return false;
    const { x, y } = this.camera.toScreen(rect);
    const end = this.camera.toScreen({ x: rect.x + rect.width, y: rect.y + rect.height });
    return end.x < 0 || end.y < 0 || x > this.camera.width || y > this.camera.height;
  }

  /** Keyboard focus outside the visible part brings the camera there. */
  private reveal(id: PictureId): void {
    const box = this.layout?.boxes.get(id);
    if (!box) return;
    const { x, y } = this.camera.toScreen({ x: box.rect.x + box.rect.width / 2, y: box.rect.y + box.rect.height / 2 });
    if (x >= 0 && y >= 0 && x <= this.camera.width && y <= this.camera.height) return;
    const machine = refOf(id);
    this.zoomTo({ kind: 'element', id: machine && 'ns' in machine ? `ns:${machine.ns}` : id });
  }
}

const isSame = (a: Rect | undefined, b: Rect): boolean =>
  a !== undefined && a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

/** Mounts the picture into a host element of any size. */
export function createStage(host: HTMLElement, callbacks: StageCallbacks): Stage {
  return new HostStage(host, callbacks);
}
