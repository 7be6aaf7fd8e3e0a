/** `kubectl get service`, one line (pkg/printers/internalversion/printers.go, v1.34: `printService`, `getServiceExternalIP`, `makePortString`). */
import type { ClusterService } from './cluster.ts';

export const SERVICE_COLUMNS = ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)'] as const;

/** Under SERVICE_COLUMNS. SIMPLIFIED: without AGE. */
export const serviceCells = (service: ClusterService): readonly string[] => [
  service.name,
  service.type,
  service.clusterIP ?? '<none>',
  externalIp(service),
  service.ports.map(portText).join(',') || '<none>',
];

export function externalIp({ type, externalIPs, loadBalancerIPs, externalName }: ClusterService): string {
  if (type === 'ExternalName') return externalName ?? '';
  const balanced = type === 'LoadBalancer' ? loadBalancerIPs : [];
  const all = [...balanced, ...externalIPs].join(',');
  return all || (type === 'LoadBalancer' ? '<pending>' : '<none>');
}

const portText = ({ port, nodePort, protocol }: ClusterService['ports'][number]): string =>
  `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`;

/** Header and line, in columns as kubectl aligns them: three blanks between. */
export function printService(service: ClusterService): readonly string[] {
  const cells = serviceCells(service);
  const widths = SERVICE_COLUMNS.map((column, i) => Math.max(column.length, cells[i]?.length ?? 0));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd();
  return [line(SERVICE_COLUMNS), line(cells)];
}
