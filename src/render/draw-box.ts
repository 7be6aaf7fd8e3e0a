/** How each kind of thing looks. Same thing, same shape, everywhere: machines are cards, namespaces rooms, devices ports, hooks gates. */
import type { Selection } from 'd3-selection';
import { drawGuard } from './draw-guard.ts';
import type { ElementKind } from './picture.ts';
import type { LayoutBox } from './plot.ts';
import { cutAddress, cutToFit, widthOf } from './words.ts';

export type Drawing = Selection<SVGGElement, unknown, null, undefined>;

interface Words {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly look: string;
  readonly anchor?: 'middle' | 'end';
}

function write(g: Drawing, { text, x, y, look, anchor }: Words): void {
  if (text === '') return;
  const element = g.append('text').attr('class', look).attr('x', x).attr('y', y).text(text);
  if (anchor) element.attr('text-anchor', anchor);
}

function frame(g: Drawing, { rect }: LayoutBox, radius: number, look = 'hs-frame'): void {
  g.append('rect').attr('class', look).attr('width', rect.width).attr('height', rect.height).attr('rx', radius);
}

function drawNode(g: Drawing, box: LayoutBox): void {
  const { element, rect } = box;
  frame(g, box, 8);
  const about = cutToFit(element.details[0] ?? '', 168, 'sans');
  const room = rect.width - 32 - widthOf(about, 'sans');
  write(g, { text: cutToFit(element.label, room, 'bold', 14), x: 12, y: 17, look: 'hs-name' });
  write(g, { text: about, x: rect.width - 12, y: 17, look: 'hs-quiet', anchor: 'end' });
  write(g, {
    text: cutToFit(element.label, 260, 'bold', 44),
    x: rect.width / 2,
    y: rect.height / 2,
    look: 'hs-far-name',
    anchor: 'middle',
  });
  write(g, {
    text: element.details[1] ?? '',
    x: rect.width / 2,
    y: rect.height / 2 + 40,
    look: 'hs-far-sub',
    anchor: 'middle',
  });
}

/** Where the pod's programs stand, and the way from there to the pod's wall. */
function drawProcess(g: Drawing, { rect, size }: LayoutBox): void {
  const isChip = size === 'chip';
  const cx = rect.width - (isChip ? 8 : 16);
  const cy = isChip || size === 'line' ? rect.height / 2 : rect.height - (size === 'tall' ? 18 : 11);
  g.append('circle')
    .attr('class', 'hs-process')
    .attr('r', isChip ? 2.5 : 4.5)
    .attr('cx', cx)
    .attr('cy', cy);
  if (!isChip)
    g.append('path')
      .attr('class', 'hs-inner-wire')
      .attr('d', `M${cx} ${cy + 4.5}V${rect.height}`);
}

function drawPod(g: Drawing, box: LayoutBox): void {
  const { element, rect, size } = box;
  frame(g, box, size === 'chip' ? 4 : 6);
  if (element.guard) drawGuard(g, element.guard, rect.width);
  const room = rect.width - 36;
  if (!element.isOnHost) drawProcess(g, box);
  if (size === 'chip') {
    write(g, { text: cutToFit(element.label, rect.width - 20, 'sans'), x: 5, y: 12, look: 'hs-label' });
    return;
  }
  if (size === 'line') {
    write(g, { text: cutToFit(element.label, room, 'sans'), x: 8, y: 14, look: 'hs-label' });
    return;
  }
  if (size === 'full') {
    write(g, { text: nameIn(element.label, rect.width - 14), x: 8, y: 15, look: 'hs-label hs-strong' });
    write(g, { text: cutAddress(element.sublabel, rect.width - 36), x: 8, y: 30, look: 'hs-mono' });
    return;
  }
  const lines = inTwoLines(element.label, rect.width - 12);
  const next = 18 + lines.length * 16;
  lines.forEach((text, i) => {
    write(g, { text, x: 8, y: 18 + i * 16, look: 'hs-label hs-strong' });
  });
  write(g, { text: cutAddress(element.sublabel, rect.width - 16), x: 8, y: next, look: 'hs-mono' });
  const more = element.isOff ? 'not ready' : (element.details[0] ?? '');
  write(g, { text: cutToFit(more, room, 'sans'), x: 8, y: next + 18, look: 'hs-quiet' });
}

/** Of `namespace/name` the name matters more. */
function nameIn(label: string, widthPx: number): string {
  const whole = cutToFit(label, widthPx, 'bold', 12.5);
  return whole === label ? label : cutToFit(label.slice(label.indexOf('/') + 1), widthPx, 'bold', 12.5);
}

/** A generated name breaks at a hyphen, where there is room for two lines. */
function inTwoLines(label: string, widthPx: number): string[] {
  const name = widthOf(label, 'bold', 12.5) > 2 * widthPx ? label.slice(label.indexOf('/') + 1) : label;
  const whole = cutToFit(name, widthPx, 'bold', 12.5);
  if (whole === name) return [name];
  for (let at = name.length - 2; at > 0; at--) {
    if (!'-/'.includes(name[at] ?? '')) continue;
    const first = name.slice(0, at + 1);
    if (cutToFit(first, widthPx, 'bold', 12.5) === first)
      return [first, cutToFit(name.slice(at + 1), widthPx, 'bold', 12.5)];
  }
  return [whole];
}

/** Two posts on either side of the wire, and its name. */
function drawGate(g: Drawing, { element, rect, isUpright }: LayoutBox): void {
  const [cx, cy] = [rect.width / 2, rect.height / 2];
  const posts = isUpright ? `M${cx - 9} ${cy}h5M${cx + 4} ${cy}h5` : `M${cx} ${cy - 9}v5M${cx} ${cy + 4}v5`;
  g.append('path').attr('class', 'hs-posts').attr('d', posts);
  if (!isUpright) write(g, { text: element.label, x: cx, y: -7, look: 'hs-mono hs-gate-name', anchor: 'middle' });
  else if (element.label === 'INPUT')
    write(g, { text: element.label, x: -5, y: cy + 4, look: 'hs-mono hs-gate-name', anchor: 'end' });
  else write(g, { text: element.label, x: rect.width + 5, y: cy + 4, look: 'hs-mono hs-gate-name' });
}

const INPUT_PRINT = { x: -33, top: 4, anchor: 'end' };
const OUTPUT_PRINT = { x: 21, top: 18, anchor: 'start' };

/** Small print for a close look: what waits at the hook. */
export function drawSmallPrint(g: Drawing, { element, isUpright }: LayoutBox): void {
  const lines = element.smallPrint?.() ?? [];
  // Beside INPUT, below OUTPUT, above the others: where the kernel's field is empty.
  const place = isUpright
    ? element.label === 'INPUT'
      ? INPUT_PRINT
      : OUTPUT_PRINT
    : { x: 8, top: -16 - (lines.length - 1) * 4, anchor: 'middle' };
  const { x, top, anchor } = place;
  lines.forEach((line, i) => {
    g.append('text')
      .attr('class', 'hs-near')
      .attr('x', x)
      .attr('y', top + i * 4)
      .attr('text-anchor', anchor)
      .text(line);
  });
}

/** Where the gates of a bridge begin, and what its name takes at least. */
const FIRST_GATE = 140;
const BAR_NAME = 36;

function drawDevice(g: Drawing, box: LayoutBox): void {
  const { element, rect } = box;
  const isTunnel = element.kind === 'tunnel';
  frame(g, box, element.kind === 'bridge' ? 3 : 4);
  if (isTunnel)
    g.append('rect')
      .attr('class', 'hs-inner')
      .attr('x', 2.5)
      .attr('y', 2.5)
      .attr('width', rect.width - 5)
      .attr('height', rect.height - 5)
      .attr('rx', 2.5);
  const y = rect.height / 2 + 4;
  if (rect.width < 120) {
    const isShort = cutToFit(element.label, rect.width - 6, 'mono') === element.label;
    const face = isShort ? 'mono' : 'sans';
    const text = cutToFit(element.label, rect.width - 6, face);
    write(g, { text, x: rect.width / 2, y, look: isShort ? 'hs-mono' : 'hs-label', anchor: 'middle' });
    return;
  }
  const inset = element.kind === 'bridge' ? 10 : 9;
  const isBar = element.kind === 'bridge';
  const name = widthOf(element.label, 'mono');
  const room = isBar ? FIRST_GATE - inset - Math.max(name, BAR_NAME) : rect.width - 2 * inset - name - 8;
  const text = element.isOff ? 'down' : cutAddress(element.sublabel, room);
  const labelWidth = rect.width - (text === '' ? 2 * inset : 94);
  write(g, { text: cutToFit(element.label, labelWidth, 'mono'), x: inset, y, look: 'hs-mono hs-strong' });
  const x = isBar ? inset + 36 + Math.max(0, element.label.length - 4) * 7.25 : rect.width - inset;
  write(g, {
    text,
    x,
    y,
    look: 'hs-mono hs-soft',
    ...(isBar ? {} : { anchor: 'end' as const }),
  });
}

function drawService(g: Drawing, { element, rect }: LayoutBox): void {
  const { width, height } = rect;
  g.append('path')
    .attr('class', 'hs-frame')
    .attr('d', `M8 .5H${width - 4}q4 0 4 4V${height - 4.5}q0 4 -4 4H8L.5 ${height / 2}Z`);
  const name = nameIn(element.label, width - 128);
  const room = width - 34 - widthOf(name, 'bold', 12.5);
  write(g, { text: name, x: 16, y: 16, look: 'hs-label hs-strong' });
  write(g, { text: cutAddress(element.sublabel, room), x: width - 8, y: 16, look: 'hs-mono hs-soft', anchor: 'end' });
}

/** One way in, several out. */
function drawFan(g: Drawing, { rect }: LayoutBox): void {
  const [x, y] = [rect.width - 32, 13];
  g.append('path').attr('class', 'hs-waves').attr('d', `M${x} ${y}h22m-13 0l13 -7m-13 7l13 7`);
}

function drawOutside(g: Drawing, box: LayoutBox): void {
  frame(g, box, 8);
  if (box.element.isBalancer) drawFan(g, box);
  write(g, { text: cutToFit(box.element.label, 104, 'bold', 12.5), x: 12, y: 17, look: 'hs-label hs-strong' });
  write(g, { text: cutAddress(box.element.sublabel, box.rect.width - 20), x: 12, y: 33, look: 'hs-mono' });
  write(g, {
    text: box.element.label,
    x: box.rect.width / 2,
    y: box.rect.height / 2 + 10,
    look: 'hs-far-name',
    anchor: 'middle',
  });
}

/** The card of a machine outside, with an address for each subnet at its side: it belongs to both. */
function drawRouter(g: Drawing, box: LayoutBox): void {
  const { element, rect } = box;
  const middle = rect.width / 2;
  frame(g, box, 8);
  write(g, { text: element.label, x: middle, y: 14, look: 'hs-label hs-strong', anchor: 'middle' });
  write(g, { text: element.sublabel, x: 8, y: 34, look: 'hs-mono' });
  write(g, { text: element.details[0] ?? '', x: rect.width - 8, y: 34, look: 'hs-mono', anchor: 'end' });
  write(g, { text: element.label, x: middle, y: rect.height / 2 + 10, look: 'hs-far-name', anchor: 'middle' });
}

function drawUnderlay(g: Drawing, { element, rect }: LayoutBox): void {
  const words = g
    .append('text')
    .attr('class', 'hs-quiet')
    .attr('x', rect.width / 2)
    .attr('y', 11)
    .attr('text-anchor', 'middle');
  words.append('tspan').text(`${element.label} `);
  words.append('tspan').attr('class', 'hs-mono').text(element.sublabel);
}

function drawPill(g: Drawing, box: LayoutBox): void {
  const { element, rect } = box;
  frame(g, box, element.kind === 'sockets' ? 9 : 2);
  write(g, { text: element.label, x: rect.width / 2, y: rect.height / 2 + 4, look: 'hs-label', anchor: 'middle' });
}

/** Waves from a mast: what it says is heard on the network. */
function drawAnnouncer(g: Drawing, box: LayoutBox): void {
  const { element, rect } = box;
  frame(g, box, 9);
  const y = rect.height / 2;
  g.append('circle').attr('class', 'hs-waves').attr('cx', 9).attr('cy', y).attr('r', 1);
  g.append('path')
    .attr('class', 'hs-waves')
    .attr('d', `M12 ${y - 3}a4.2 4.2 0 0 1 0 6M14.5 ${y - 5}a7 7 0 0 1 0 10`);
  write(g, { text: cutToFit(element.label, rect.width - 24, 'sans'), x: 20, y: y + 4, look: 'hs-label' });
}

function drawRoute(g: Drawing, { rect }: LayoutBox): void {
  const half = rect.width / 2;
  g.append('path')
    .attr('class', 'hs-frame')
    .attr('d', `M${half} 0L${rect.width} ${half}L${half} ${rect.height}L0 ${half}Z`);
}

const DRAWERS: Partial<Record<ElementKind, (g: Drawing, box: LayoutBox) => void>> = {
  node: drawNode,
  pod: drawPod,
  hook: drawGate,
  bridge: drawDevice,
  tunnel: drawDevice,
  nic: drawDevice,
  device: drawDevice,
  service: drawService,
  outside: drawOutside,
  router: drawRouter,
  underlay: drawUnderlay,
  route: drawRoute,
  announcer: drawAnnouncer,
};

/** Fills an empty group with the drawing of its box. */
export function drawBox(g: Drawing, box: LayoutBox): void {
  (DRAWERS[box.element.kind] ?? drawPill)(g, box);
}
