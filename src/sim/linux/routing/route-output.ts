/** The routing decision for packets that a namespace makes itself. */
import type { Ip } from '../../wire/ip.ts';
import type { Netns } from '../netns.ts';
import type { StepBody } from '../step.ts';
import { lookupRoute, type RouteResult, sourceFor } from './fib.ts';
import { onPath } from './multipath.ts';

/** What a socket call learns before any packet exists. */
export type OutputRoute =
  | { readonly ok: true; readonly route: RouteResult; readonly src: Ip }
  | {
      readonly ok: false;
      readonly errno: 'ENETUNREACH' | 'EHOSTUNREACH' | 'EINVAL' | 'EACCES';
      readonly route: RouteResult;
    };

/** Chooses the route and the source address for a packet made here (`ip_route_output_key`), for one link only by that link. */
export function routeOutput(ns: Netns, dst: Ip, dev?: string): OutputRoute {
  const found = onPath(lookupRoute(ns, dst, dev), null, 0);
  const route = found.type === 'local' ? { ...found, dev: 'lo' } : found;
  switch (route.type) {
    case 'none':
      return { ok: false, errno: 'ENETUNREACH', route };
    case 'unreachable':
      return { ok: false, errno: 'EHOSTUNREACH', route };
    case 'blackhole':
      return { ok: false, errno: 'EINVAL', route };
    case 'prohibit':
      return { ok: false, errno: 'EACCES', route };
    default: {
      const src = sourceFor(ns, found, dst);
      return src === undefined ? { ok: false, errno: 'ENETUNREACH', route } : { ok: true, route, src };
    }
  }
}

/** The step that tells an output routing decision. */
export function routeStep(dst: Ip, route: RouteResult, src?: Ip): StepBody {
  const decision =
    route.type === 'local'
      ? 'local'
      : route.type === 'none'
        ? 'no-route'
        : route.type === 'unicast'
          ? 'output'
          : route.type;
  return {
    kind: 'route',
    direction: 'output',
    dst,
    decision,
    table: route.route?.table ?? 'main',
    route: route.route,
    nextHop: route.nextHop,
    ...(route.dev === undefined ? {} : { dev: route.dev }),
    ...(src === undefined ? {} : { src }),
  };
}
