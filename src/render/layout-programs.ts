/** eBPF on a node card: gates at devices, the node's own door to its pods, and the ways past the kernel's field. */
import { box, type Drawing, mark, type Stop } from './node-drawing.ts';
import { pointOf } from './plot.ts';
import type { PointId } from './wire-net.ts';

/** Below the rail. */
const DOOR = { x: 188, y: 143, width: 76, height: 15 };
const GATE_R = 4;

/** A program leads packets past the kernel's field: from the pods' rail straight to the way out, and from the way in to the rail. */
export function layoutBypass({ node, plot }: Drawing): void {
  if (node.gates.size === 0) return;
  const place = (name: string): PointId => pointOf.place(node.ns, name);
  plot.net.lead('unseen', place('bar right'), place('out'));
  plot.net.lead('unseen', place('in'), place('bar left'));
}

/** An eBPF program on a packet's way in or out of a device. */
export function programGate(drawing: Drawing, dev: string, dir: 'in' | 'out', x: number, y: number): void {
  if (!drawing.node.gates.get(dev)?.has(dir)) return;
  const rect = { x: x - GATE_R, y: y - GATE_R, width: 2 * GATE_R, height: 2 * GATE_R };
  mark(drawing, `program ${dev} ${dir}`, 'program', rect, dev);
}

/** Where the node's IP stack meets the pods: both directions at one place of the rail. */
export function layoutDoors(drawing: Drawing, railY: number): readonly Stop[] {
  const { node, plot, point } = drawing;
  return node.doors.slice(0, 1).map((element) => {
    box(drawing, element, DOOR);
    const x = DOOR.x + DOOR.width / 2;
    const id = point(`door ${element.label}`, x, railY);
    const at = drawing.at(x, DOOR.y + DOOR.height / 2);
    const ways = (['in', 'out'] as const).map((dir) =>
      plot.net.add(pointOf.dev(node.ns, element.label, dir), at.x, at.y),
    );
    plot.net.join('unseen', id, ...ways);
    programGate(drawing, element.label, 'out', x, DOOR.y);
    return { x, id };
  });
}
