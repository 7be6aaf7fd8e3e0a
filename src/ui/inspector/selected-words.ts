import { FAR_UNDERLAY, isUnderlay } from '../../sim/engine/world.ts';
import type { Selected } from '../../store/selection.ts';

/** What is selected, as a heading. */
export function titleOf({ kind, ns, id }: Selected): string {
  const place = ns === FAR_UNDERLAY ? 'the second node subnet' : isUnderlay(ns ?? '') ? 'the node network' : (ns ?? '');
  if (id === FAR_UNDERLAY) return 'Second node subnet';
  if (isUnderlay(id)) return 'Node network';
  switch (kind) {
    case 'device':
      return `${id} on ${place}`;
    case 'hook':
      return `${id} hook of ${place}`;
    case 'route':
      return `Routing of ${place}`;
    case 'neighbour':
      return `Neighbours of ${place}`;
    case 'fdb':
      return `Forwarding database of ${place}`;
    case 'conntrack':
      return `Connection tracking of ${place}`;
    case 'listener':
      return `Programs of ${place}`;
    case 'rule':
      return `Rule on ${place}`;
    case 'external':
      return `Machine ${id}`;
    default:
      return `${kind.charAt(0).toUpperCase()}${kind.slice(1)} ${id}`;
  }
}
