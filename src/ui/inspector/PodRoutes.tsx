import { sizeOf } from '../../sim/scenario/normalise.ts';
import { useSession } from '../app-model.ts';
import { FaultButton } from '../faults/FaultButton.tsx';

/** What an administrator, or a routing protocol, would tell the router between the subnets: where the pods are. */
export function PodRoutes() {
  const { farSubnet, ...size } = sizeOf(useSession(({ state }) => state));
  if (!farSubnet) return null;
  const { podRoutes, ...subnet } = farSubnet;
  const event = { type: 'ClusterSized', ...size } as const;
  return (
    <div className="faults">
      {podRoutes ? (
        <FaultButton label="Take its routes to pods away" event={{ ...event, farSubnet: subnet }} />
      ) : (
        <FaultButton
          label="Give it routes to pods"
          event={{ ...event, farSubnet: { ...subnet, podRoutes: true } }}
          mends
        />
      )}
    </div>
  );
}
