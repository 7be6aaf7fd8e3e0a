/**
 * Hundreds of small packets without words, on a canvas above the picture: drawn as squares along sampled paths, sorted by colour,
 * because that is what stays cheap without a GPU.
 */
import type { ZoomTransform } from 'd3-zoom';
import type { PicturePathFinder } from './crowd-path.ts';
import type { CrowdFlow } from './stage-api.ts';

const SAMPLES = 257;
const SPEED_PX_PER_S = 260;
const SIDE_PX = 5;

type Tone = CrowdFlow['tone'];

interface Track {
  /** x and y of equally spaced points along the path. */
  readonly xy: Float32Array;
  readonly lengthPx: number;
  readonly packets: number;
  readonly tone: Tone;
}

/** Equally spaced points along a polyline. */
export function sample(points: readonly { readonly x: number; readonly y: number }[]): {
  xy: Float32Array;
  lengthPx: number;
} {
  const ends = [0];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (a && b) ends.push((ends.at(-1) ?? 0) + Math.hypot(b.x - a.x, b.y - a.y));
  }
  const lengthPx = ends.at(-1) ?? 0;
  const xy = new Float32Array(SAMPLES * 2);
  let segment = 1;
  for (let i = 0; i < SAMPLES; i++) {
    const wanted = (lengthPx * i) / (SAMPLES - 1);
    while (segment < ends.length - 1 && (ends[segment] ?? 0) < wanted) segment++;
    const [a, b] = [points[segment - 1], points[segment] ?? points[segment - 1]];
    if (!a || !b) continue;
    const [from, to] = [ends[segment - 1] ?? 0, ends[segment] ?? 0];
    const share = to > from ? (wanted - from) / (to - from) : 0;
    xy[2 * i] = a.x + (b.x - a.x) * share;
    xy[2 * i + 1] = a.y + (b.y - a.y) * share;
  }
  return { xy, lengthPx };
}

export class Crowd {
  private tracks: Track[] = [];
  private flows: readonly CrowdFlow[] = [];
  private colours = new Map<Tone, string>();
  private clockMs = 0;
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D | null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
  }

  get isEmpty(): boolean {
    return this.tracks.length === 0;
  }

  set(flows: readonly CrowdFlow[], find: PicturePathFinder): void {
    this.flows = flows;
    this.retrace(find);
  }

  /** The picture changed: the same flows along other wires. */
  retrace(find: PicturePathFinder): void {
    const tones: readonly Tone[] = ['packet', 'changed', 'good', 'stopped'];
    this.tracks = this.flows
      .flatMap(({ along, packets, tone }): Track[] => {
        const points = find(along);
        return points.length < 2 ? [] : [{ ...sample(points), packets, tone }];
      })
      .sort((a, b) => tones.indexOf(a.tone) - tones.indexOf(b.tone));
  }

  readColours(): void {
    const style = getComputedStyle(this.canvas);
    for (const tone of ['packet', 'changed', 'good', 'stopped'] as const)
      this.colours.set(tone, style.getPropertyValue(`--hs-${tone}`));
  }

  resize(width: number, height: number, density: number): void {
    this.canvas.width = Math.max(1, Math.round(width * density));
    this.canvas.height = Math.max(1, Math.round(height * density));
  }

  /** Draws the next frame; a still crowd shows where its packets are spread out, and does not run. */
  draw(transform: ZoomTransform, density: number, sinceMs: number, isStill: boolean): void {
    const { context, canvas } = this;
    if (!context) return;
    if (!isStill) this.clockMs += sinceMs;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const scale = transform.k * density;
    context.setTransform(scale, 0, 0, scale, transform.x * density, transform.y * density);
    const side = Math.max(SIDE_PX, SIDE_PX / transform.k);
    let tone: Tone | null = null;
    for (const track of this.tracks) {
      if (track.tone !== tone) {
        tone = track.tone;
        context.fillStyle = this.colours.get(tone) ?? '#000';
      }
      const runMs = (track.lengthPx / SPEED_PX_PER_S) * 1000 || 1;
      for (let i = 0; i < track.packets; i++) {
        const share = (this.clockMs / runMs + i / track.packets) % 1;
        const at = Math.round(share * (SAMPLES - 1)) * 2;
        context.fillRect((track.xy[at] ?? 0) - side / 2, (track.xy[at + 1] ?? 0) - side / 2, side, side);
      }
    }
  }
}
